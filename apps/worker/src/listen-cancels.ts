// Hears of cancelled jobs and stops what is in hand of them; one host of the fleet clears their scratch away.

import { type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { type RedisKeys } from '@stenofleet/shared/queue';
import { type ObjectStore } from '@stenofleet/shared/storage';
import { type Redis } from 'ioredis';
import { removeScratch } from './checkpoints.js';
import { type WorkRegistry } from './work-registry.js';

/** Until then, work on other hosts has stopped, and writes nothing any more. */
const CLEAR_AFTER_MS = 3_000;

export type ListenCancelsOptions = {
  /** For the subscription alone; stays the caller's. */
  subscriber: Redis;
  redis: Redis;
  keys: RedisKeys;
  registry: WorkRegistry;
  ledger: Ledger;
  storage: ObjectStore;
  log: Log;
};

export async function listenForCancels(options: ListenCancelsOptions): Promise<() => void> {
  const { subscriber, redis, keys, registry, ledger, storage, log } = options;
  const timers = new Set<NodeJS.Timeout>();

  const clear = async (jobId: string) => {
    await registry.whenJobEnded(jobId);
    // It may have been asked for again.
    const record = await ledger.getJob(jobId);
    if (!record || record.status === 'cancelled') await removeScratch(storage, jobId);
  };
  const clearLater = async (jobId: string) => {
    const isMine = await redis.set(keys.lock(`clear-${jobId}`), '1', 'PX', CLEAR_AFTER_MS, 'NX');
    if (isMine === null) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      clear(jobId).catch(report);
    }, CLEAR_AFTER_MS);
    timers.add(timer);
  };
  /** What stays is found by the sweep. */
  const report = (error: unknown) => log.warn({ err: error }, 'scratch could not be removed');

  subscriber.on('message', (_channel: string, jobId: string) => {
    if (registry.stopJob(jobId, 'cancelled')) log.info({ job: jobId }, 'cancelled by its user');
    clearLater(jobId).catch(report);
  });
  await subscriber.subscribe(keys.cancelChannel);
  return () => timers.forEach((timer) => clearTimeout(timer));
}
