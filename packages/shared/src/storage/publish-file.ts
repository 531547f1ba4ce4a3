// How a file that is whole gets its name, for good.

import { link, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '../errors/index.js';
import { systemCode } from './file-errors.js';
import { isFolder } from './file-paths.js';
import { CONDITION_REFUSED } from './probe-store.js';
import { type SyncFolder } from './sync-folder.js';

/** A folder can be removed by another process each time it was made. */
const MAX_ATTEMPTS = 10;

export type PublishOptions = { from: string; to: string; when: 'any' | 'absent' };

/** Makes the file at `from` appear at `to`. Answers false where the name is taken and must not be. */
export async function publishFile(
  { from, to, when }: PublishOptions,
  syncFolder: SyncFolder,
): Promise<boolean> {
  let written = true;
  for (let attempt = 1; ; attempt++) {
    try {
      await (when === 'any' ? rename(from, to) : link(from, to));
      break;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EEXIST') {
        if (await isFolder(to)) throw folderError(to);
        written = false;
        break;
      }
      if (code === 'EPERM' || code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'ENOSYS') {
        throw new CodedError(
          'STORE_FORBIDDEN',
          'This file system cannot create a file only where there is none (hard links are refused).',
          { cause: error, details: CONDITION_REFUSED },
        );
      }
      if (code !== 'ENOENT') throw error;
      if (attempt === MAX_ATTEMPTS) {
        const message = 'What was being written was removed by somebody before it was whole.';
        throw new CodedError('STORE_UNAVAILABLE', message, { cause: error });
      }
      await makeFolder(dirname(to), syncFolder);
    }
  }
  // Also where another has just written it: `false` promises that it is there to stay.
  await syncFolder(dirname(to));
  return written;
}

function folderError(path: string): CodedError {
  return new CodedError('PATH_FORBIDDEN', `"${path}" is a folder; a file cannot have its name.`);
}

async function makeFolder(folder: string, syncFolder: SyncFolder): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}
