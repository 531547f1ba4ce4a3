// The built worker as an operator runs it, by its own environment only.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { haveCommands } from './child-process.js';

const entry = fileURLToPath(new URL('../../apps/worker/dist/main.js', import.meta.url));
const READY_WITHIN_MS = 60_000;

/** A line of its log. */
export type WorkerLine = { level: string; msg: string; [field: string]: unknown };

export type WorkerProcess = {
  pid: number;
  /** Of health and metrics, where `STENO_WORKER_PORT` is set. */
  port: number | undefined;
  /** Its id in the fleet. */
  host: string;
  /** SIGTERM; waits for its end and answers how it went. Idempotent. */
  stop: () => Promise<number | null>;
  /** SIGKILL; waits for its end. */
  kill: () => Promise<void>;
  suspend: () => void;
  resume: () => void;
  signal: (signal: NodeJS.Signals) => void;
  isRunning: () => boolean;
  /** What it has logged so far. */
  output: readonly WorkerLine[];
  /** The first line, logged already or to come, that has this message. */
  waitForLine: (message: string, match?: (line: WorkerLine) => boolean) => Promise<WorkerLine>;
};

export type WorkerProcessOptions = { env: Record<string, string> };

/** Starts a worker and waits until it takes work; with its log where it does not. */
export async function startWorker({ env }: WorkerProcessOptions): Promise<WorkerProcess> {
  const child = spawnWorker(env);
  const output: WorkerLine[] = [];
  const listeners = new Set<() => void>();
  const ended = once(child, 'exit').then(() => listeners.forEach((listener) => listener()));
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (text) => {
      output.push(parseLine(text));
      listeners.forEach((listener) => listener());
    });
  }
  const isRunning = () => child.exitCode === null && child.signalCode === null;

  const waitForLine: WorkerProcess['waitForLine'] = (message, match = () => true) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const line = output.find((candidate) => candidate.msg === message && match(candidate));
        if (line) resolve(line);
        else if (!isRunning()) reject(new Error(`The worker ended. ${describeOutput(output)}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  const end = async (signal: NodeJS.Signals) => {
    if (isRunning()) child.kill(signal);
    await ended;
  };

  const timer = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS);
  const ready = await waitForLine('ready').finally(() => clearTimeout(timer));
  return {
    pid: child.pid ?? -1,
    port: ready['port'] as number | undefined,
    host: String(ready['host']),
    ...{ output, waitForLine, isRunning },
    suspend: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    signal: (signal) => void child.kill(signal),
    kill: () => end('SIGKILL'),
    async stop() {
      child.kill('SIGCONT');
      await end('SIGTERM');
      return child.exitCode;
    },
  };
}

/** Runs a worker that is to refuse its work; answers its exit code and log. */
export async function runWorkerToEnd({ env }: WorkerProcessOptions) {
  const child = spawnWorker(env);
  const output: WorkerLine[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream)
      createInterface({ input: stream }).on('line', (text) => output.push(parseLine(text)));
  }
  await once(child, 'close');
  return { exitCode: child.exitCode, output };
}

function spawnWorker(env: Record<string, string>): ChildProcess {
  // The kernel ends it when this process is killed and cannot do so itself.
  const tether = haveCommands(['setpriv']) ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  const [name, ...args] = [...tether, process.execPath, entry];
  return spawn(name, args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function parseLine(text: string): WorkerLine {
  try {
    return JSON.parse(text) as WorkerLine;
  } catch {
    return { level: 'text', msg: text };
  }
}

function describeOutput(output: readonly WorkerLine[]): string {
  return `Its log ends with:\n${output
    .slice(-15)
    .map((line) => JSON.stringify(line))
    .join('\n')}`;
}
