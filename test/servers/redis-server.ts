// A real redis-server for one suite, set as infra/redis/redis.conf sets it, on loopback, with its data in a folder of
// its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePorts,
  haveCommands,
  type ServerProcess,
  startProcess,
  waitForServer,
} from './child-process.js';

const DEADLINE_MS = 20_000;

export type RedisServer = {
  url: string;
  port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Where its data lies. */
  dir: string;
  /** Ends it orderly and removes its data, unless the folder was given. Idempotent. */
  stop: () => Promise<void>;
  /** Ends it as a power cut would (SIGKILL); data stays. */
  kill: () => Promise<void>;
  /** Starts it again on the same port and data. */
  restart: () => Promise<void>;
  /** Holds it still: connections stay open and nothing answers. */
  suspend: () => void;
  resume: () => void;
};

export type RedisServerOptions = {
  /** Keeps its data there. @defaultValue a temporary folder, removed by `stop` */
  dir?: string;
  /** @defaultValue a free one */
  port?: number;
  /** @defaultValue true */
  appendonly?: boolean;
};

export function isRedisServerAvailable(): boolean {
  return haveCommands(['redis-server']);
}

/** Answers when the server answers PONG. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  if (!isRedisServerAvailable())
    throw new Error('redis-server is not installed (apt install redis-server).');
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'stenofleet-redis-')));
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const logPath = join(dir, 'redis.log');
  const appendOnly = options.appendonly === false ? 'no' : 'yes';

  const start = async (): Promise<ServerProcess> => {
    const server = startProcess(
      // prettier-ignore
      ['redis-server', '--bind', '127.0.0.1', '--port', `${port}`, '--dir', dir, '--save', '',
        '--appendonly', appendOnly, '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction',
        '--hash-max-ziplist-value', '2048'],
      { logPath },
    );
    try {
      await waitForServer('redis-server', () => answersPong(port), {
        server,
        logPath,
        deadlineMs: DEADLINE_MS,
      });
    } catch (error) {
      await server.end('SIGKILL');
      throw error;
    }
    return server;
  };

  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return server.pid;
    },
    suspend: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    kill: () => server.end('SIGKILL'),
    restart: async () => {
      await server.end('SIGKILL');
      server = await start();
    },
    stop: async () => {
      server.signal('SIGCONT');
      await server.end();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

function answersPong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.write('PING\r\n'));
    // While it loads its file it answers -LOADING.
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(1000, () => {
      socket.destroy();
      resolve(false);
    });
  });
}
