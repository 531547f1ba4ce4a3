import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where the installed @ricky0123/vad-web package keeps Silero's v6 graph. */
export function findSileroVadFile(): string {
  const entry = createRequire(import.meta.url).resolve('@ricky0123/vad-web');
  return join(dirname(entry), 'silero_vad_v6.onnx');
}
