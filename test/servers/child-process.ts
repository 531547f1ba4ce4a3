// Servers of tests as child processes: each ends with its test process, however that ends, and only by its own id.

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

export type ServerProcess = {
  pid: number;
  /** Ends it with `signal` and waits until it is gone. Idempotent. */
  end: (signal?: NodeJS.Signals) => Promise<void>;
  running: () => boolean;
  signal: (signal: NodeJS.Signals) => void;
};

/** Whether all of these commands are on the path. */
export function haveCommands(names: readonly string[]): boolean {
  return names.every((name) => findCommand(name) !== undefined);
}

function findCommand(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .concat('/usr/sbin', '/sbin')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Starts a server in the foreground; its output goes to `logPath`. */
export function startProcess(
  command: readonly [string, ...string[]],
  { logPath, cwd }: { logPath: string; cwd?: string },
): ServerProcess {
  // The kernel ends the server when this process is killed and cannot do so itself.
  const tether = haveCommands(['setpriv']) ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  const [name = '', ...args] = [...tether, ...command];
  const log = openSync(logPath, 'a');
  const child = spawn(name, args, {
    stdio: ['ignore', log, log],
    ...(cwd !== undefined && { cwd }),
  });
  closeSync(log);
  const ended = whenEnded(child);
  const running = () =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? -1,
    running,
    signal: (signal) => void child.kill(signal),
    end: async (signal = 'SIGTERM') => {
      if (running()) child.kill(signal);
      await ended;
    },
  };
}

async function whenEnded(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** Waits until `check` answers true; throws with the end of the server's log when it ends or the time is over. */
export async function waitForServer(
  name: string,
  check: () => Promise<boolean>,
  { server, logPath, deadlineMs }: { server: ServerProcess; logPath: string; deadlineMs: number },
): Promise<void> {
  const until = Date.now() + deadlineMs;
  while (!(await check())) {
    const ended = !server.running();
    if (ended || Date.now() > until) {
      const what = ended ? 'ended at once' : `did not answer in ${deadlineMs / 1000} s`;
      throw new Error(`${name} ${what}. Its log (${logPath}) ends with:\n${tail(logPath)}`);
    }
    await delay(POLL_MS);
  }
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-15).join('\n');
  } catch {
    return '(nothing)';
  }
}

/** Ports of the loopback interface that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('No port.');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
