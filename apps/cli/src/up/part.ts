// One process of the fleet that `steno up` looks after.
//
//     starting ──▶ running ──▶ gone ──▶ (pause) ──▶ starting …
//         │            └──▶ stopping ──▶ ended
//         └──▶ failed: gone before it was ready for the first time

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled } from '../fleet/api-client.js';
import { CliError } from '../cli-error.js';
import { getSystemErrorCode } from '../describe-error.js';
import { readLogEnd, rotateLog, withLogFile } from './log-files.js';

const READY_POLL_MS = 50;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Whoever lived this long is started again without a long pause. */
const SETTLED_MS = 60_000;

export type PartPlan = {
  /** `redis`, `api`, `worker-1`: names its log. */
  name: string;
  /** In sentences. */
  shown: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  env: Readonly<Record<string, string>>;
  logPath: string;
  /** Asked again and again until it answers true. */
  isReady: (pid: number) => Promise<boolean>;
  /** How long it may take to end when told to, in ms. */
  stopMs: number;
  /** What to say where the program is missing. */
  missing?: () => Error;
};

export type PartEvents = {
  /** A process was started. */
  onStart: (pid: number) => void;
  /** It died by itself. */
  onDeath: (death: { why: string; pauseMs: number; log: string[] }) => void;
  onReady: () => void;
};

export interface Part {
  readonly name: string;
  readonly shown: string;
  readonly pid: number | undefined;
  /** Answers when it is ready for the first time. @throws CliError `FLEET_FAILED`, AsrError `CANCELLED` */
  start(): Promise<void>;
  /** Asks it to end and waits; kills what does not end in time, and everything it started. Idempotent. */
  stop(): Promise<void>;
  /** Ends it at once; for when there is no time to wait. */
  kill(signal: NodeJS.Signals): void;
}

export function createPart(
  plan: PartPlan,
  { events, signal }: { events: PartEvents; signal: AbortSignal },
): Part {
  let child: ChildProcess | undefined;
  let isStopping = false;
  let deaths = 0;
  let keeping: Promise<void> | undefined;
  const stopping = new AbortController();

  const launch = (): { pid: number; gone: Promise<string> } => {
    const started = withLogFile(plan.logPath, (log) =>
      spawn(plan.command, plan.args, {
        ...(plan.cwd !== undefined && { cwd: plan.cwd }),
        env: plan.env,
        // Its end tells the part that we are gone; see parent-guard.
        stdio: ['pipe', log, log],
        // In a group of its own, so that Ctrl-C at the terminal reaches only us, and its end can be made that of all it started.
        detached: true,
      }),
    );
    started.stdin?.on('error', () => undefined);
    child = started;
    const gone = new Promise<string>((resolve) => {
      started.once('error', (error) => resolve(getSystemErrorCode(error) ?? error.message));
      started.once('exit', (code, by) => {
        killGroup(started.pid, 'SIGKILL');
        resolve(by === null ? `exit code ${code ?? '?'}` : by);
      });
    });
    const pid = started.pid ?? -1;
    if (pid > 0) events.onStart(pid);
    return { pid, gone };
  };

  /** Until the process is ready (`undefined`) or gone (why). */
  const waitReady = async (pid: number, gone: Promise<string>): Promise<string | undefined> => {
    let why: string | undefined;
    void gone.then((reason) => (why = reason));
    while (!stopping.signal.aborted && !signal.aborted) {
      const isReady = pid > 0 && (await plan.isReady(pid).catch(() => false));
      // Another program may answer in the place of one that is gone.
      if (why !== undefined) return why;
      if (isReady) return undefined;
      await Promise.race([sleep(READY_POLL_MS), gone]);
    }
    throw cancelled();
  };

  /** Starts it again whenever it goes. */
  const keepAlive = async (first: Promise<string>): Promise<void> => {
    let startedMs = performance.now();
    let gone = first;
    for (;;) {
      const why = await gone;
      if (isStopping) return;
      deaths = performance.now() - startedMs > SETTLED_MS ? 1 : deaths + 1;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 1), LONGEST_PAUSE_MS);
      events.onDeath({ why, pauseMs, log: await readLogEnd(plan.logPath, 4) });
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- changed while we slept
      if (isStopping) return;
      startedMs = performance.now();
      const next = launch();
      gone = next.gone;
      const failed = await waitReady(next.pid, gone).catch(() => 'stopped');
      if (failed === undefined) events.onReady();
    }
  };

  return {
    name: plan.name,
    shown: plan.shown,
    get pid() {
      return child?.pid;
    },
    async start() {
      await rotateLog(plan.logPath);
      const { pid, gone } = launch();
      const why = await waitReady(pid, gone);
      if (why !== undefined) {
        if (why === 'ENOENT' && plan.missing) throw plan.missing();
        const log = (await readLogEnd(plan.logPath)).map((line) => `\n    ${line}`).join('');
        throw new CliError(
          'FLEET_FAILED',
          `${plan.shown} ended as soon as it was started (${why}). Its log, ${plan.logPath}, ends with:${log}`,
        );
      }
      keeping = keepAlive(gone);
    },
    async stop() {
      isStopping = true;
      stopping.abort();
      const current = child;
      if (current && isRunning(current)) {
        const gone = new Promise((resolve) => current.once('exit', resolve));
        current.kill('SIGTERM');
        const isGone = await Promise.race([
          gone.then(() => true),
          // Unreferenced: what has ended keeps nobody waiting.
          sleep(plan.stopMs, false, { ref: false }),
        ]);
        if (!isGone) {
          killGroup(current.pid, 'SIGKILL');
          await gone;
        }
      }
      await keeping;
    },
    kill(by) {
      isStopping = true;
      stopping.abort();
      if (child && isRunning(child)) killGroup(child.pid, by);
    },
  };
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of it is left.
  }
}
