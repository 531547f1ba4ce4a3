// The redis-server that `steno up` runs where no other is named: append-only, never evicting, on loopback, its data in
// the data folder. One that a killed `up` has left behind is ended first: two on the same files would destroy them.

import { mkdir, readFile, realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../cli-error.js';
import { isAlive, writeFileAtomically } from '../transcribe/write-atomically.js';
import { getFleetFolder } from './fleet-state.js';
import { logPathOf } from './log-files.js';
import { type PartPlan } from './part.js';
import { choosePort, isPortFree } from './ports.js';

const HOST = '127.0.0.1';
const ANSWER_MS = 2_000;
const END_MS = 20_000;

export type OwnRedis = { url: string; port: number; folder: string; plan: PartPlan };

/** Prepares the folder and port, and ends what was left behind. @throws CliError `FLEET_FAILED` */
export async function planOwnRedis(
  dataDir: string,
  env: Readonly<Record<string, string>>,
): Promise<OwnRedis> {
  const folder = join(dataDir, 'redis');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const portFile = join(getFleetFolder(dataDir), 'redis-port');
  const remembered = Number(await readFile(portFile, 'utf8').catch(() => '')) || undefined;
  if (remembered !== undefined) await endAbandoned(remembered, folder);
  const isFree = remembered !== undefined && (await isPortFree(HOST, remembered));
  const port = isFree ? remembered : await choosePort(HOST, 0);
  await mkdir(getFleetFolder(dataDir), { recursive: true });
  await writeFileAtomically(portFile, `${port}\n`);
  const settings = {
    bind: HOST,
    port: String(port),
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    // Jobs are many small hashes: packed, they take a third less memory.
    'hash-max-ziplist-value': '2048',
    daemonize: 'no',
  };
  const plan: PartPlan = {
    name: 'redis',
    shown: 'redis-server',
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    // Not as --dir: older versions cannot take a path with a space in it.
    cwd: folder,
    env: { ...env, PATH: `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` },
    logPath: logPathOf(dataDir, 'redis'),
    isReady: async (pid) => {
      const info = await askRedis(port, 'INFO server');
      return Number(/^process_id:(\d+)/m.exec(info)?.[1]) === pid && (await isLoaded(port));
    },
    stopMs: END_MS,
    missing: () =>
      new CliError(
        'REDIS_MISSING',
        'redis-server is not installed: "apt install redis-server" or "brew install redis", or name a server that runs elsewhere with REDIS_URL or --redis.',
      ),
  };
  return { url: `redis://${HOST}:${port}`, port, folder, plan };
}

/** While it reads its file it answers -LOADING. */
async function isLoaded(port: number): Promise<boolean> {
  return (await askRedis(port, 'PING')).startsWith('+PONG');
}

async function endAbandoned(port: number, folder: string): Promise<void> {
  const where = await askRedis(port, 'CONFIG GET dir').catch(() => '');
  if (!where.includes(await realpath(folder))) return;
  const info = await askRedis(port, 'INFO server').catch(() => '');
  const pid = Number(/^process_id:(\d+)/m.exec(info)?.[1] ?? 0);
  if (pid <= 1) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + END_MS;
  while (isAlive(pid)) {
    if (performance.now() > deadline) {
      throw new CliError(
        'FLEET_FAILED',
        `A redis-server of an earlier "steno up" (process ${pid}) works on ${folder} and does not end: end it by hand.`,
      );
    }
    await sleep(50);
  }
}

/** Sends one line and answers the reply as it comes, or fails. */
export function askRedis(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST });
    let reply = '';
    const settle = (settled: () => void) => {
      socket.destroy();
      settled();
    };
    socket.setTimeout(ANSWER_MS, () => settle(() => reject(new Error('no answer'))));
    socket.once('error', (error) => settle(() => reject(error)));
    socket.once('connect', () => socket.write(`${line}\r\nQUIT\r\n`));
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
    socket.once('close', () => resolve(reply));
  });
}
