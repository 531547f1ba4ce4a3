// The built API and worker as processes of their own. Their logs go to files, as under a supervisor: reading them here
// would cost time of the machine that is measured.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 50;

const entries = {
  api: fileURLToPath(import.meta.resolve('@stenofleet/api/main')),
  worker: fileURLToPath(import.meta.resolve('@stenofleet/worker/main')),
};

/** A line of its log. */
export type LogLine = { time: string; level: string; msg: string; [field: string]: unknown };

export type PartProcess = {
  pid: number;
  /** Fields of its `ready` line. */
  ready: LogLine;
  readLog: () => Promise<LogLine[]>;
  isRunning: () => boolean;
  /** SIGTERM; waits for its end. Idempotent. */
  stop: () => Promise<void>;
  /** SIGKILL; waits for its end. */
  kill: () => Promise<void>;
};

export type PartOptions = {
  name: string;
  env: Record<string, string>;
  logPath: string;
  /** Options of node, such as `--cpu-prof`. */
  nodeOptions?: readonly string[];
};

/** Starts a part and waits until it is ready; throws with its log when it ends before. */
export async function startPart(
  kind: keyof typeof entries,
  { name, env, logPath, nodeOptions = [] }: PartOptions,
): Promise<PartProcess> {
  const log = openSync(logPath, 'a');
  // The kernel ends it when this process is killed and cannot do so itself.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', process.execPath, ...nodeOptions, entries[kind]],
    { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], ...env } },
  );
  closeSync(log);
  const ended = once(child, 'exit');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (isRunning()) child.kill(signal);
    await ended;
  };
  const readLog = async () => parseLog(await readFile(logPath, 'utf8'));
  const ready = await waitUntilReady(child, { readLog, isRunning });
  if (!ready) {
    await end('SIGKILL');
    throw new Error(`${name} did not start. Its log:\n${await readFile(logPath, 'utf8')}`);
  }
  return {
    pid: child.pid ?? -1,
    ...{ ready, readLog, isRunning },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

async function waitUntilReady(
  child: ChildProcess,
  { readLog, isRunning }: { readLog: () => Promise<LogLine[]>; isRunning: () => boolean },
): Promise<LogLine | undefined> {
  const until = Date.now() + READY_WITHIN_MS;
  while (child.pid !== undefined && isRunning() && Date.now() < until) {
    const ready = (await readLog()).find(({ msg }) => msg === 'ready');
    if (ready) return ready;
    await delay(POLL_MS);
  }
  return undefined;
}

function parseLog(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      // The last one may be half written, and a crash writes none of ours.
      return [];
    }
  });
}
