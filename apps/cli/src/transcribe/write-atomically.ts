// Files that are whole under their name, or not there. Temporary ones carry the writer's process id, so that what a
// killed process left behind can be told from what another one is writing.

import { createHash } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { getSystemErrorCode } from '../describe-error.js';

const TEMPORARY_SUFFIX = 'steno-tmp';

export type FileContent = { path: string; content: string; mode?: number };

/**
 * Writes all files beside their names, then gives each its name, in order. `beforeNaming` runs between the two: what
 * it does is on disk before any output is.
 */
export async function publishFiles(
  files: readonly FileContent[],
  beforeNaming: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const temporaries = files.map(({ path }) => temporaryPath(path));
  try {
    for (const [index, { content, mode }] of files.entries()) {
      await writeSynced(temporaries[index] ?? '', { content, mode });
    }
    await beforeNaming();
    for (const [index, { path }] of files.entries()) await rename(temporaries[index] ?? '', path);
  } finally {
    // After a success there is nothing to remove.
    await Promise.all(temporaries.map((path) => rm(path, { force: true })));
  }
  await Promise.all([...new Set(files.map(({ path }) => dirname(path)))].map(syncFolder));
}

export function writeFileAtomically(
  path: string,
  content: string,
  options: { mode?: number } = {},
): Promise<void> {
  return publishFiles([{ path, content, ...options }]);
}

/** Removes what processes that no longer run have left beside these files. */
export async function removeAbandoned(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    const names = new Set(paths.map(hashName));
    const entries = await readdir(folder).catch(() => []);
    const abandoned = entries.filter((entry) => {
      const match = /^\.(\w+)\.(\d+)\.steno-tmp$/.exec(entry);
      return match?.[1] !== undefined && names.has(match[1]) && !isAlive(Number(match[2]));
    });
    await Promise.all(abandoned.map((entry) => rm(join(folder, entry), { force: true })));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return getSystemErrorCode(error) !== 'ESRCH';
  }
}

function temporaryPath(path: string): string {
  return join(dirname(path), `.${hashName(path)}.${process.pid}.${TEMPORARY_SUFFIX}`);
}

/** A longer name than the file's own could be too long for the disk. */
function hashName(path: string): string {
  return createHash('sha256').update(basename(path)).digest('hex').slice(0, 16);
}

async function writeSynced(
  path: string,
  { content, mode }: { content: string; mode: number | undefined },
): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names survive a power cut; not every system can do this, and none needs it for correctness. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
