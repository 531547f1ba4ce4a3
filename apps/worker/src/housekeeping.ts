// What no job cares for itself: tickets that were lost, records that have expired, scratch that nobody needs. Every host
// tries, one does it.

import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isFinal, type JobRecord } from '@stenofleet/shared/job';
import { type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { type QueueSet, type RedisKeys } from '@stenofleet/shared/queue';
import { type ObjectStore, sweepTemporaryFiles } from '@stenofleet/shared/storage';
import { type Redis } from 'ioredis';
import { sweepScratch } from './sweep-scratch.js';
import { sweepUploads } from './sweep-uploads.js';

const MINUTE_MS = 60_000;
const ROUND_MS = MINUTE_MS;
const SWEEP_EVERY_MS = 60 * MINUTE_MS;
/** A job that was not touched for so long is looked after. */
const QUIET_MS = 3 * MINUTE_MS;
const QUIET_LIMIT = 1_000;
/** Who was begun so often, hand-backs included, and lost its ticket still, is not begun again. */
const MAX_ATTEMPTS = 200;

export type HousekeepingOptions = {
  redis: Redis;
  keys: RedisKeys;
  ledger: Ledger;
  queues: QueueSet;
  storage: ObjectStore;
  log: Log;
  now: () => number;
  /** How long a final job's record is kept. */
  retentionMs: number;
  random?: () => number;
};

/** Begins the rounds; the answer ends them. */
export function startHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const { redis, keys, log, random = Math.random } = options;
  const stop = new AbortController();

  const isMyTurn = async (name: string, ms: number) =>
    (await redis.set(keys.lock(name), '1', 'PX', ms, 'NX')) !== null;
  const attempt = async (name: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!stop.signal.aborted) log.warn({ err: error }, `housekeeping: ${name} failed`);
    }
  };
  const runRound = async () => {
    if (!(await isMyTurn('housekeeping', ROUND_MS * 0.9))) return;
    await attempt('lost tickets', () => restoreTickets(options));
    await attempt('expired records', () => options.ledger.removeExpired(options.now()));
    if (await isMyTurn('sweep', SWEEP_EVERY_MS)) {
      const { signal } = stop;
      await attempt('scratch', () => sweepScratch({ ...options, signal }));
      // A job may have waited for as long again before it was done.
      const keepMs = 2 * options.retentionMs;
      await attempt('uploads', () => sweepUploads({ ...options, keepMs, signal }));
      await attempt('temporary files', () => sweepFolder(options.storage));
    }
  };
  const running = (async () => {
    for (;;) {
      await delay(ROUND_MS * (0.75 + 0.5 * random()), undefined, {
        signal: stop.signal,
        ref: false,
      });
      await attempt('a round', runRound);
    }
  })().catch(() => undefined);

  return async () => {
    stop.abort();
    await running;
  };
}

async function sweepFolder({ url }: ObjectStore): Promise<void> {
  if (url.startsWith('file:')) await sweepTemporaryFiles(fileURLToPath(url));
}

/** Puts jobs back whose ticket is gone, though they are not over: answers how many. */
export async function restoreTickets({
  ledger,
  queues,
  log,
  now,
}: Pick<HousekeepingOptions, 'ledger' | 'queues' | 'log' | 'now'>): Promise<number> {
  const ids = await ledger.listQuiet(now() - QUIET_MS, QUIET_LIMIT);
  const records = await ledger.getJobs(ids);
  let restored = 0;
  for (const record of records) {
    if (!record || isFinal(record.status) || (await hasTicket(queues, record))) continue;
    // It may have ended between the two questions.
    const latest = await ledger.getJob(record.spec.id);
    if (!latest || isFinal(latest.status)) continue;
    await restoreTicket(latest, { ledger, queues, log });
    restored++;
  }
  return restored;
}

async function restoreTicket(
  record: JobRecord,
  { ledger, queues, log }: Pick<HousekeepingOptions, 'ledger' | 'queues' | 'log'>,
): Promise<void> {
  const { id } = record.spec;
  if (record.attempt >= MAX_ATTEMPTS) {
    const message = `The job lost its place in the queue after ${record.attempt} attempts.`;
    await ledger.failJob(id, { code: 'WORKER_LOST', message, retryable: false });
    return;
  }
  log.warn({ job: id, status: record.status }, 'the job had no ticket and gets a new one');
  await queues.addJob(record);
}

async function hasTicket(queues: QueueSet, { spec }: JobRecord): Promise<boolean> {
  const queue = queues.get(queues.catalogue.jobs(spec.plan.model, spec.plan.tier));
  return (await queue.getJob(spec.id)) !== undefined;
}
