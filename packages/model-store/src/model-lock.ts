// One change of a model at a time, on this host or on a shared folder: a lock file beside the model's folder.
// Free → created exclusively with its holder's name → removed. A lock whose process has died on this host is
// taken over; one from another host cannot be judged and stays until its holder, or a person, removes it.

import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { getSystemErrorCode, ModelStoreError, toDiskError } from './errors.js';
import { getModelFolder } from './installed-manifest.js';

const pollMs = 250;
/** A lock without a readable holder is being written; one that stays so was left by a crash. */
const unreadableAfterMs = 10_000;

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** When the holder's process started: tells a restarted container's pid 1 from its predecessor. */
  processStartedMs: z.number(),
  since: z.string(),
});

type Holder = z.infer<typeof holderSchema>;

export type LockOptions = {
  root: string;
  /** How long to wait for another holder, in ms. @defaultValue 0 */
  lockWaitMs?: number | undefined;
  signal?: AbortSignal | undefined;
};

/** Runs `change` while holding the model's lock. @throws ModelStoreError `MODEL_LOCKED`, naming the holder */
export async function withModelLock<T>(
  id: string,
  { root, lockWaitMs = 0, signal }: LockOptions,
  change: () => Promise<T>,
): Promise<T> {
  getModelFolder(root, id); // refuses an id that is none before it becomes a path
  const path = join(root, `.${id}.lock`);
  const deadline = performance.now() + lockWaitMs;
  while (!(await tryLock(path))) {
    if (performance.now() >= deadline) throw await describeHolder(id, path);
    await delay(pollMs, undefined, { signal });
  }
  try {
    return await change();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  if (await createLock(path)) return true;
  if (!(await isAbandoned(path))) return false;
  // Two processes may find the same dead holder: only the one with the takeover file removes its lock.
  const takeover = `${path}.takeover`;
  if (!(await createLock(takeover))) {
    if (await isAbandoned(takeover)) await rm(takeover, { force: true });
    return false;
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
    return await createLock(path);
  } finally {
    await rm(takeover, { force: true });
  }
}

async function createLock(path: string): Promise<boolean> {
  try {
    await mkdir(join(path, '..'), { recursive: true });
    const file = await open(path, 'wx');
    try {
      await file.writeFile(`${JSON.stringify(describeSelf())}\n`);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (getSystemErrorCode(error) === 'EEXIST') return false;
    throw toDiskError(error, path);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  if (!holder) {
    const found = await stat(path).catch(() => undefined);
    return !found || Date.now() - found.mtimeMs > unreadableAfterMs;
  }
  const self = describeSelf();
  if (holder.host !== self.host) return false;
  if (holder.pid === self.pid) {
    return Math.abs(holder.processStartedMs - self.processStartedMs) > 2_000;
  }
  return !isAlive(holder.pid);
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // gone, or not written yet
  }
}

function describeSelf(): Holder {
  const nowMs = Date.now();
  return {
    pid: process.pid,
    host: hostname(),
    processStartedMs: Math.round(nowMs - process.uptime() * 1000),
    since: new Date(nowMs).toISOString(),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return getSystemErrorCode(error) !== 'ESRCH';
  }
}

async function describeHolder(id: string, path: string): Promise<ModelStoreError> {
  const holder = await readHolder(path);
  const who = holder
    ? `process ${String(holder.pid)} on ${holder.host} since ${holder.since}`
    : 'another process';
  return new ModelStoreError(
    'MODEL_LOCKED',
    `${id} is being changed by ${who}. Wait until it has finished; if that process no longer exists, delete ${path}.`,
    { details: { id, path, ...(holder && { holder }) } },
  );
}
