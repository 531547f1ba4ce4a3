import { Redis } from 'ioredis';
import { CodedError } from '../errors/index.js';

/** Connections that BullMQ workers block on must wait for Redis as long as it takes. */
export type ConnectionUse = 'commands' | 'blocking';

/** How long a command waits for a Redis that is away, in ms, before it fails with `REDIS_UNAVAILABLE`. */
const PATIENCE_MS = 20_000;

/**
 * Opens a connection (`redis:` or `rediss:` address). Reconnects for ever; commands wait meanwhile, those of a
 * `commands` connection not longer than 20 s. Errors of the connection go to `onError`, once per loss.
 */
export function openRedis(
  url: string,
  {
    use = 'commands',
    onError = () => undefined,
  }: { use?: ConnectionUse; onError?: (error: Error) => void } = {},
): Redis {
  let isTold = false;
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    ...(use === 'commands' && { commandTimeout: PATIENCE_MS }),
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 5), 2_000),
  });
  redis.on('error', (error: Error) => {
    if (!isTold) onError(error);
    isTold = true;
  });
  redis.on('ready', () => (isTold = false));
  return redis;
}

export function toRedisError(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof CodedError) return cause;
  if (
    /Command timed out|Connection is closed|ECONNREFUSED|LOADING|READONLY|CLUSTERDOWN/.test(
      cause.message,
    )
  ) {
    return new CodedError(
      'REDIS_UNAVAILABLE',
      'Redis does not answer; the request was not carried out for certain.',
      { cause },
    );
  }
  return cause;
}

export type RedisProblem = { severity: 'error' | 'warning'; message: string };

/** What of the server's version and settings endangers jobs, in plain sentences. */
export async function checkRedis(redis: Redis): Promise<RedisProblem[]> {
  const problems: RedisProblem[] = [];
  const info = await redis.info();
  const read = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const version = read('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    problems.push({
      severity: 'error',
      message: `Redis ${version} is too old: 6.2 or later is needed.`,
    });
  }
  const policy = read('maxmemory_policy') ?? (await readSetting(redis, 'maxmemory-policy'));
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push({
      severity: 'error',
      message: `Redis evicts keys when memory is short (maxmemory-policy ${policy}): jobs would be lost. Set it to noeviction.`,
    });
  }
  if (read('aof_enabled') !== '1') {
    problems.push({
      severity: 'warning',
      message:
        'Redis keeps no append-only file: jobs accepted since its last snapshot are lost when it ends. Set appendonly yes.',
    });
  }
  return problems;
}

/** Managed services forbid CONFIG. */
async function readSetting(redis: Redis, name: string): Promise<string | undefined> {
  const answer = await redis.config('GET', name).catch(() => []);
  return Array.isArray(answer) ? answer[1] : undefined;
}
