// A download in progress: `<target>.partial` on disk and the digest of what it holds so far.

import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  createContentDigest,
  digestFile,
  type Content,
  type ExpectedContent,
} from './content-digest.js';
import { toDiskError } from './errors.js';

export type PartialFile = {
  readonly bytes: number;
  append: (chunk: Uint8Array) => Promise<void>;
  restart: () => Promise<void>;
  /** Flushes to disk and says whether the content is the expected one. */
  finish: () => Promise<Content & { matches: boolean }>;
  close: () => Promise<void>;
};

/** Opens or creates the file and reads what an earlier try left in it. */
export async function openPartialFile(
  path: string,
  { expected, signal }: { expected: ExpectedContent; signal?: AbortSignal | undefined },
): Promise<PartialFile> {
  let digest = createContentDigest(expected);
  await mkdir(dirname(path), { recursive: true });
  await digestFile(path, digest, { signal });
  const file = await open(path, 'a');

  async function onDisk<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw toDiskError(error, path);
    }
  }

  return {
    get bytes() {
      return digest.bytes;
    },
    append: (chunk) =>
      onDisk(async () => {
        await file.writeFile(chunk);
        digest.update(chunk);
      }),
    restart: () =>
      onDisk(async () => {
        await file.truncate(0);
        digest = createContentDigest(expected);
      }),
    finish: () =>
      onDisk(async () => {
        await file.sync();
        return digest.finish();
      }),
    close: () => file.close(),
  };
}
