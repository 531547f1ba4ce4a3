// Whether bytes are the ones that were promised: by sha-256, or by git's blob id where the hub knows only that.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { getSystemErrorCode } from './errors.js';

export type ExpectedContent = { bytes: number; sha256?: string; gitOid?: string };

export type Content = { bytes: number; sha256: string };

/** Takes a file's bytes in order; `finish` ends it. */
export type ContentDigest = {
  readonly bytes: number;
  update: (chunk: Uint8Array) => void;
  finish: () => Content & { matches: boolean };
};

export function createContentDigest(expected: ExpectedContent): ContentDigest {
  const sha256 = createHash('sha256');
  const needsGitOid = expected.sha256 === undefined && expected.gitOid !== undefined;
  const gitOid = needsGitOid
    ? createHash('sha1').update(`blob ${String(expected.bytes)}\0`)
    : undefined;
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    update(chunk) {
      sha256.update(chunk);
      gitOid?.update(chunk);
      bytes += chunk.length;
    },
    finish() {
      const content = { bytes, sha256: sha256.digest('hex') };
      const matches =
        bytes === expected.bytes &&
        (expected.sha256 === undefined || expected.sha256 === content.sha256) &&
        (gitOid === undefined || gitOid.digest('hex') === expected.gitOid);
      return { ...content, matches };
    },
  };
}

/** Adds a file's bytes to a digest. @returns false when there is no such file */
export async function digestFile(
  path: string,
  digest: ContentDigest,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  try {
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
      digest.update(chunk as Buffer);
    }
    return true;
  } catch (error) {
    if (getSystemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
