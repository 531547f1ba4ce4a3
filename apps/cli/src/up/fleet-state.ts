// What a running `steno up` tells others on its machine, and the lock that there is but one on a data folder. One file,
// created exclusively: whoever finds it looks whether its process still lives.

import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import { getSystemErrorCode } from '../describe-error.js';
import { toDiskError } from '../disk-error.js';
import { isAlive, writeFileAtomically } from '../transcribe/write-atomically.js';

const stateSchema = z.object({
  pid: z.int().positive(),
  hostname: z.string(),
  /** Tells the process from a later one of the same id. Empty where the system does not say. */
  startMark: z.string(),
  apiUrl: z.string().optional(),
  /** Of the Redis that it started. */
  redisUrl: z.string().optional(),
  sourceRoots: z.array(z.string()).default([]),
  /** Process ids of its parts, each the leader of a group. */
  parts: z.record(z.string(), z.object({ pid: z.number(), startMark: z.string() })).default({}),
});
export type FleetState = z.infer<typeof stateSchema>;

export type RunningFleet = {
  pid: number;
  apiUrl: string;
  redisUrl: string | undefined;
  adminKey: string | undefined;
  sourceRoots: readonly string[];
};

export interface FleetLock {
  /** What was left of one that was killed. */
  readonly abandoned: FleetState | undefined;
  /** Parts are added to those told before. */
  tell(
    state: Partial<Pick<FleetState, 'apiUrl' | 'redisUrl' | 'sourceRoots' | 'parts'>>,
  ): Promise<void>;
  release(): Promise<void>;
}

export function getFleetFolder(dataDir: string): string {
  return join(dataDir, 'fleet');
}

const statePath = (dataDir: string) => join(getFleetFolder(dataDir), 'up.json');
export const adminKeyPath = (dataDir: string) => join(getFleetFolder(dataDir), 'admin-key');

/** @throws CliError `FLEET_RUNNING`, `OUTPUT_UNWRITABLE` */
export async function lockFleet(dataDir: string): Promise<FleetLock> {
  const path = statePath(dataDir);
  const abandoned = await readState(dataDir);
  if (abandoned && (await isStillThere(abandoned))) {
    const address = abandoned.apiUrl === undefined ? '' : ` at ${abandoned.apiUrl}`;
    throw new CliError(
      'FLEET_RUNNING',
      `A fleet runs on ${dataDir} already (process ${abandoned.pid}${address}): use it, end it, or give this one a folder of its own with --data-dir.`,
    );
  }
  let state: FleetState = {
    pid: process.pid,
    hostname: hostname(),
    startMark: await readStartMark(process.pid),
    sourceRoots: [],
    parts: {},
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    if (abandoned !== undefined) await rm(path, { force: true });
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${JSON.stringify(state)}\n`).finally(() => file.close());
  } catch (error) {
    if (getSystemErrorCode(error) === 'EEXIST') {
      throw new CliError('FLEET_RUNNING', `Another "steno up" starts on ${dataDir} right now.`);
    }
    throw toDiskError(error, dirname(path));
  }
  // One at a time: each writes the whole file.
  let writing = Promise.resolve();
  return {
    abandoned,
    async tell(change) {
      state = { ...state, ...change, parts: { ...state.parts, ...change.parts } };
      writing = writing
        .catch(() => undefined)
        .then(() => writeFileAtomically(path, `${JSON.stringify(state)}\n`));
      await writing;
    },
    async release() {
      await writing.catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

/** The `steno up` that runs on this data folder. */
export async function readRunningFleet(dataDir: string): Promise<RunningFleet | undefined> {
  const state = await readState(dataDir);
  if (state?.apiUrl === undefined || !(await isStillThere(state))) return undefined;
  const key = await readFile(adminKeyPath(dataDir), 'utf8').catch(() => undefined);
  const { pid, apiUrl, redisUrl, sourceRoots } = state;
  return { pid, apiUrl, redisUrl, sourceRoots, adminKey: key?.trim() };
}

async function readState(dataDir: string): Promise<FleetState | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(statePath(dataDir), 'utf8')));
  } catch (error) {
    if (getSystemErrorCode(error) === 'ENOENT') return undefined;
    // Cut off by a crash while it was written for the first time: nothing runs that it would name.
    return { pid: 1, hostname: '', startMark: 'unreadable', sourceRoots: [], parts: {} };
  }
}

async function isStillThere({ pid, hostname: host, startMark }: FleetState): Promise<boolean> {
  if (host !== hostname() || !isAlive(pid)) return false;
  return (await readStartMark(pid)) === startMark;
}

/** When a process started, by the system's own count; empty where the system does not say. */
export async function readStartMark(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the name, may hold anything, spaces and brackets too.
  return (
    stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19) ?? ''
  );
}
