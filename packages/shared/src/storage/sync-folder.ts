import { open } from 'node:fs/promises';
import { systemCode } from './file-errors.js';

/** Makes the names in a folder durable; one sync serves all who ask before it begins. */
export type SyncFolder = (folder: string) => Promise<void>;

export function createFolderSync(sync: SyncFolder = syncFolder): SyncFolder {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  return (folder) => {
    const known = waiting.get(folder);
    if (known !== undefined) return known;
    const begin = () => {
      waiting.delete(folder);
      running.set(folder, next);
      return sync(folder);
    };
    // Whatever became of the one before: what is new since it began is not in it.
    const next = (running.get(folder) ?? Promise.resolve()).then(begin, begin).finally(() => {
      if (running.get(folder) === next) running.delete(folder);
    });
    waiting.set(folder, next);
    return next;
  };
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some file systems cannot; and a folder that is gone needs none.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  }
}
