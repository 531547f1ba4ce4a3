// Where downloads and chunks in hand lie: one folder for each life of a worker.

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** `worker-<host>-<pid>-<random>`. */
const PREFIX = 'worker-';

export type WorkFolder = { path: string; remove: () => Promise<void> };

/** Opens a folder of its own below `base`, and removes those of this machine's workers that are gone. */
export async function openWorkFolder(base: string): Promise<WorkFolder> {
  await mkdir(base, { recursive: true });
  const mine = `${PREFIX}${hostname()}-`;
  for (const name of await readdir(base)) {
    if (!name.startsWith(mine)) continue;
    const pid = Number(name.slice(mine.length).split('-')[0]);
    if (Number.isInteger(pid) && pid > 0 && (pid === process.pid || !isRunning(pid))) {
      await rm(join(base, name), { recursive: true, force: true });
    }
  }
  const path = await mkdtemp(join(base, `${mine}${process.pid}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
