// A lock by name that many processes share, for stores that cannot refuse to create what exists.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Redis } from 'ioredis';
import { CodedError } from '../errors/index.js';
import { cancelledError, throwIfCancelled } from './stored-content.js';

const TTL_MS = 15_000;
const WAIT_MS = 30_000;
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 250;

const EXTEND = `if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1]) end return 0`;

export interface StoreLock {
  /**
   * Runs `work` while nobody else holds `name`. `work` gets a signal that fires when the lock is lost or the caller
   * gives up. Throws `STORE_UNAVAILABLE` where it cannot be had in time or was lost, `REDIS_UNAVAILABLE`.
   */
  hold<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

export type RedisLockOptions = {
  /** What stands before each name, such as `{stenofleet}:lock:`; the caller tags it for a cluster. */
  prefix: string;
  /** How long it outlives a holder that died; it is extended while held. @defaultValue 15000 */
  ttlMs?: number;
  /** How long to wait for another holder. @defaultValue 30000 */
  waitMs?: number;
};

/** `SET NX PX` with a token of its own, so that nobody releases what another holds. */
export function createRedisLock(
  redis: Pick<Redis, 'set' | 'eval'>,
  { prefix, ttlMs = TTL_MS, waitMs = WAIT_MS }: RedisLockOptions,
): StoreLock {
  async function take(key: string, token: string, signal?: AbortSignal): Promise<void> {
    const until = Date.now() + waitMs;
    for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      throwIfCancelled(signal);
      if ((await ask(() => redis.set(key, token, 'PX', ttlMs, 'NX'))) === 'OK') return;
      if (Date.now() > until) {
        throw new CodedError(
          'STORE_UNAVAILABLE',
          `Another process has held the lock "${key}" for more than ${waitMs} ms.`,
        );
      }
      await delay(pauseMs * (0.5 + Math.random() / 2));
    }
  }

  return {
    hold: async (name, work, signal) => {
      const key = prefix + name;
      const token = randomUUID();
      await take(key, token, signal);
      const lost = new AbortController();
      const lose = (cause: unknown) =>
        lost.abort(
          new CodedError('STORE_UNAVAILABLE', `The lock "${key}" was lost while in use.`, {
            cause,
          }),
        );
      // Not extended in time is lost, whatever became of the question. Early, as Redis has counted for longer.
      const expireLater = () => setTimeout(lose, ttlMs * 0.8);
      let expiry = expireLater();
      const extension = setInterval(() => {
        redis.eval(EXTEND, 1, key, token, ttlMs).then((extended) => {
          clearTimeout(expiry);
          if (extended !== 1) lose(undefined);
          else if (!released) expiry = expireLater();
        }, ignored);
      }, ttlMs / 3);
      let released = false;
      try {
        const signals = signal ? [signal, lost.signal] : [lost.signal];
        const result = await work(AbortSignal.any(signals));
        if (lost.signal.aborted) throw cancelledError(lost.signal);
        return result;
      } finally {
        released = true;
        clearInterval(extension);
        clearTimeout(expiry);
        // It expires by itself.
        await redis.eval(RELEASE, 1, key, token).catch(ignored);
      }
    },
  };
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw new CodedError('REDIS_UNAVAILABLE', 'Redis does not answer for a storage lock.', {
      cause,
    });
  }
}

function ignored(): undefined {
  return undefined;
}
