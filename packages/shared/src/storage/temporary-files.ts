// Files that are being written. They lie in a folder of their own at the root of a store (so on its file system, and out
// of its lists) until they are whole and get their name.

import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, systemCode, toFileError } from './file-errors.js';

/** No key begins with it. */
export const TEMPORARY_FOLDER = '.stenofleet-tmp';
const ABANDONED_AFTER_MS = 60 * 60 * 1000;
const MAX_ATTEMPTS = 10;

export type TemporaryFile = { path: string; handle: FileHandle };

export async function createTemporaryFile(root: string): Promise<TemporaryFile> {
  const folder = join(root, TEMPORARY_FOLDER);
  const path = join(folder, `${process.pid}-${randomUUID()}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return { path, handle: await open(path, 'wx') };
    } catch (error) {
      // Another process may remove the folder between the two calls, when it closes.
      if (systemCode(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
      await mkdir(folder, { recursive: true });
    }
  }
}

/**
 * Removes files of writers that died. Nobody can tell a live writer on another host that shares the folder, so what
 * counts is how long nothing was written. Answers how many were removed.
 */
export async function sweepTemporaryFiles(
  root: string,
  { abandonedAfterMs = ABANDONED_AFTER_MS, now = Date.now() } = {},
): Promise<number> {
  const folder = join(root, TEMPORARY_FOLDER);
  let removed = 0;
  try {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      try {
        if (now - (await stat(path)).mtimeMs < abandonedAfterMs) continue;
        await unlink(path);
        removed += 1;
      } catch (error) {
        // Its writer finished meanwhile.
        if (!isMissing(error)) throw error;
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw toFileError(error, folder);
  }
  return removed;
}

/** Removes the folder if nobody writes. */
export async function removeTemporaryFolder(root: string): Promise<void> {
  await rmdir(join(root, TEMPORARY_FOLDER)).catch(() => undefined);
}
