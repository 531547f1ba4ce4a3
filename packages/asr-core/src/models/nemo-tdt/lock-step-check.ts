import { type Token } from '../../transcript.js';
import { type TdtSearch, decodeTokens } from './decode-tokens.js';
import { type Encoding } from './encode.js';

const PROBE_ROWS = 3;
const PROBE_FRAMES = 12;
const TOLERANCE = 1e-4;

/**
 * Whether this decoder gives a segment the same tokens in company as alone. A dynamically quantised joint does not:
 * its activation scale spans the batch. Asked of the graph itself, by decoding fixed noise both ways.
 */
export async function supportsLockStep(search: TdtSearch): Promise<boolean> {
  const probes = Array.from({ length: PROBE_ROWS }, (_, row) => createProbe(search, row));
  const together = await decodeTokens(probes, search);
  for (const [row, probe] of probes.entries()) {
    const [alone] = await decodeTokens([probe], search);
    if (!equalTokens(alone!, together[row]!)) return false;
  }
  return true;
}

/** Noise of a different loudness in each row, so that a shared scale shows. */
function createProbe(search: TdtSearch, row: number): Encoding {
  const width = search.shape.encoderWidth;
  const loudness = 4 ** row;
  const frames = Float32Array.from(
    { length: PROBE_FRAMES * width },
    (_, i) => loudness * Math.sin(12.9898 * (i + 1) + 78.233 * row),
  );
  return { frames, numFrames: PROBE_FRAMES, width };
}

function equalTokens(a: readonly Token[], b: readonly Token[]): boolean {
  return (
    a.length === b.length &&
    a.every((token, i) => {
      const other = b[i]!;
      return (
        token.tokenId === other.tokenId &&
        token.startFrame === other.startFrame &&
        Math.abs(token.logProbability - other.logProbability) <= TOLERANCE
      );
    })
  );
}
