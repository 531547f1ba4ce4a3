// Versions of what a transcript is made with.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { AsrError } from '@stenofleet/asr-core';
import { z } from 'zod';

const packageSchema = z.object({ version: z.string() });
const execute = promisify(execFile);

/** @throws AsrError `FFMPEG_MISSING` */
export async function readVersions(): Promise<Record<string, string>> {
  const [ffmpeg] = await Promise.all(['ffmpeg', 'ffprobe'].map(readProgramVersion));
  return {
    stenofleet: readWorkerVersion(),
    onnxruntime: readOnnxRuntimeVersion(),
    ffmpeg: ffmpeg ?? 'unknown',
    node: process.versions.node,
    vad: 'silero-v6',
  };
}

export function readWorkerVersion(): string {
  return readPackageVersion(createRequire(import.meta.url), '../package.json');
}

function readOnnxRuntimeVersion(): string {
  // It is asr-core's dependency, and resolved as asr-core resolves it.
  const asrCore = createRequire(import.meta.resolve('@stenofleet/asr-core'));
  return readPackageVersion(asrCore, 'onnxruntime-node/package.json');
}

async function readProgramVersion(program: string): Promise<string> {
  try {
    const { stdout } = await execute(program, ['-version'], { timeout: 20_000 });
    return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch (cause) {
    throw new AsrError(
      'FFMPEG_MISSING',
      `${program} cannot be run. Install ffmpeg with the system's package manager.`,
      { cause },
    );
  }
}

function readPackageVersion(from: NodeJS.Require, path: string): string {
  return packageSchema.parse(from(path)).version;
}
