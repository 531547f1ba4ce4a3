// Versions of what a transcript is made with.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { z } from 'zod';
import { getSystemErrorCode } from './describe-error.js';

const packageSchema = z.object({ version: z.string() });
const execute = promisify(execFile);

export function readStenoVersion(): string {
  return readPackageVersion(createRequire(import.meta.url), '../package.json');
}

export function readOnnxRuntimeVersion(): string {
  // It is asr-core's dependency, and resolved as asr-core resolves it.
  const asrCore = createRequire(import.meta.resolve('@stenofleet/asr-core'));
  return readPackageVersion(asrCore, 'onnxruntime-node/package.json');
}

/** The version that `ffmpeg` or `ffprobe` gives itself; undefined where the program is missing. */
export async function readProgramVersion(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(program, ['-version'], { timeout: 20_000 });
    return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch (error) {
    const code = getSystemErrorCode(error);
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  }
}

export async function readVersions(): Promise<Record<string, string>> {
  return {
    stenofleet: readStenoVersion(),
    onnxruntime: readOnnxRuntimeVersion(),
    ffmpeg: (await readProgramVersion('ffmpeg')) ?? 'missing',
    node: process.versions.node,
    vad: 'silero-v6',
  };
}

function readPackageVersion(from: NodeJS.Require, path: string): string {
  return packageSchema.parse(from(path)).version;
}
