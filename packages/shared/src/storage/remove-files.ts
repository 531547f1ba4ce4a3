import { readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, systemCode } from './file-errors.js';
import { isFolder } from './file-paths.js';
import { throwIfCancelled } from './stored-content.js';

const MAX_AT_ONCE = 16;
const MAX_ROUNDS = 10;

/** Answers whether there was one. A folder stays: it is no object. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isMissing(error) || (await isFolder(path))) return false;
    throw error;
  }
}

export async function removeTree(folder: string, signal: AbortSignal | undefined): Promise<void> {
  // Others may write while we remove; what came late is removed in the next round.
  for (let round = 1; ; round++) {
    throwIfCancelled(signal);
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      for (const entry of entries.filter((each) => each.isDirectory())) {
        await removeTree(join(folder, entry.name), signal);
      }
      await eachAtOnce(
        entries.filter((each) => !each.isDirectory()),
        async ({ name }) => {
          throwIfCancelled(signal);
          await removeFile(join(folder, name));
        },
      );
      await rmdir(folder);
      return;
    } catch (error) {
      if (isMissing(error)) return;
      if (systemCode(error) !== 'ENOTEMPTY' || round === MAX_ROUNDS) throw error;
    }
  }
}

/** Removes a folder and those above it while they are empty, but never the root. */
export async function removeEmptyFolders(folder: string, root: string | undefined): Promise<void> {
  if (root === undefined) return;
  for (let each = folder; each.length > root.length; each = dirname(each)) {
    try {
      await rmdir(each);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return;
    }
  }
}

export async function eachAtOnce<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < items.length; i += MAX_AT_ONCE) {
    await Promise.all(items.slice(i, i + MAX_AT_ONCE).map(work));
  }
}
