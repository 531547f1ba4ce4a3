// The built API as a process of its own, on a free port of loopback.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { haveCommands } from './child-process.js';

const DEADLINE_MS = 30_000;

export type ApiProcess = {
  /** Without trailing slash. */
  url: string;
  pid: number;
  /** What it has logged so far: lines of JSON. */
  readonly log: string;
  /** SIGTERM; answers the exit code. Idempotent. */
  stop: () => Promise<number | null>;
  /** SIGKILL. */
  kill: () => Promise<void>;
};

/** Answers when the API is ready; throws with its log when it ends before. `env` is its whole environment beside PATH. */
export async function startApi({ env }: { env: Record<string, string> }): Promise<ApiProcess> {
  // The kernel ends it when this process is killed and cannot do so itself.
  const tether = haveCommands(['setpriv']) ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  const main = fileURLToPath(import.meta.resolve('@stenofleet/api/main'));
  const args = [...tether, process.execPath, main];
  const child = spawn(args[0] ?? '', args.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], STENO_API_PORT: '0', ...env },
  });
  let log = '';
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  const ready = whenReady(child, (text) => (log += text));
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  const timer = setTimeout(() => void end('SIGKILL'), DEADLINE_MS);
  const url = await Promise.race([ready, ended.then(() => undefined)]);
  clearTimeout(timer);
  if (url === undefined) throw new Error(`The API did not start. Its log:\n${log}`);
  return {
    url,
    pid: child.pid ?? -1,
    get log() {
      return log;
    },
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}

/** The address of its `ready` line. */
function whenReady(child: ChildProcess, onOutput: (text: string) => void): Promise<string> {
  return new Promise((resolve) => {
    let output = '';
    const read = (data: Buffer) => {
      onOutput(data.toString());
      output += data.toString();
      const address = /"event":"ready","address":"([^"]+)"/.exec(output)?.[1];
      if (address === undefined) return;
      output = '';
      resolve(address);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
}

export type ApiAnswer<Body> = { status: number; headers: Headers; text: string; body: Body };

export type ApiCall = {
  /** @defaultValue POST where there is something to send, else GET */
  method?: string;
  /** Sent as JSON; a string as it is. */
  body?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
};

/** Sends a request and reads the whole answer: JSON as a value, anything else as text. Follows no redirect. */
export async function callApi<Body>(
  address: string,
  { method, body, form, headers }: ApiCall = {},
): Promise<ApiAnswer<Body>> {
  const response = await fetch(address, {
    method: method ?? (body === undefined && form === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(form !== undefined && { body: form }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const { status } = response;
  return {
    status,
    headers: response.headers,
    text,
    body: (isJson ? JSON.parse(text) : text) as Body,
  };
}
