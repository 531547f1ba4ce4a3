// Works off the tickets of batches: reading their input, cancelling and retrying their jobs.

import { toWireError } from '@stenofleet/shared/errors';
import { type BatchRecord } from '@stenofleet/shared/job';
import { MAX_TRIES, openRedis, planRetryPause } from '@stenofleet/shared/queue';
import { DelayedError, type Job, Worker } from 'bullmq';
import { type ApiDependencies } from '../dependencies.js';
import { type BatchTicket } from './batch-tickets.js';
import { expandBatch, type ExpandOptions, getWaitSeconds } from './expand-batch.js';
import { sweepAll, type SweepOptions } from './sweep-jobs.js';

const CONCURRENCY = 2;
/** Tries until a ticket whose batch is not there counts as left over: it is put into the queue before the record. */
const ORPHAN_TRIES = 4;
/** So long a batch is read while others wait: one whose sources answer slowly may take days. */
const TURN_MS = 30_000;
/** Reading a batch leaves the event loop free: a process that is silent for so long is dead. */
const LOCK_MS = 10_000;
/** Ends of processes say nothing about a batch; see the stall policy of the workers. */
const MAX_STALLS = 1_000;

export type BatchExpanderOptions = Pick<ExpandOptions, 'submit'> & {
  /** Silence after which a killed process's ticket is another's, in ms. @defaultValue 10000 */
  lockMs?: number;
  /** How long a batch is read while others wait, in ms. @defaultValue 30000 */
  turnMs?: number;
};

export type BatchExpander = { close: () => Promise<void> };

export function startBatchExpander(
  dependencies: ApiDependencies,
  { submit, lockMs = LOCK_MS, turnMs = TURN_MS }: BatchExpanderOptions = {},
): BatchExpander {
  const { config, log, ledger, queues } = dependencies;
  const stop = new AbortController();
  const connection = openRedis(config.fleet.REDIS_URL, {
    use: 'blocking',
    onError: (err) => log.warn({ err }, 'batches: Redis is away'),
  });

  const worker = new Worker<BatchTicket>(
    queues.catalogue.expand,
    async (job, token) => {
      const seconds = await work(job);
      if (seconds === undefined) return;
      await job.moveToDelayed(Date.now() + seconds * 1000, token);
      throw new DelayedError();
    },
    {
      connection,
      prefix: queues.catalogue.prefix,
      concurrency: CONCURRENCY,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount: MAX_STALLS,
      settings: { backoffStrategy: (tries) => planRetryPause(tries, Math.random()) },
    },
  );
  worker.on('error', (err) => log.warn({ err }, 'batches: worker'));
  worker.on('failed', (job, err) => {
    log.warn({ err, batch: job?.data.batchId, work: job?.name }, 'batches: failed, tried again');
  });

  /** Answers seconds after which it is to be taken up again, if at all. */
  async function work(job: Job<BatchTicket>): Promise<number | undefined> {
    const { batchId, work } = job.data;
    const record = await ledger.getBatch(batchId);
    if (record === undefined) {
      if (job.attemptsMade >= ORPHAN_TRIES) return undefined;
      throw new Error(`There is no batch ${batchId} yet.`);
    }
    const sweep = async (work: SweepOptions['work']) => {
      const options = { work, batch: record, dependencies, signal: stop.signal };
      try {
        return (await sweepAll(options)) ? undefined : 0;
      } catch (error) {
        // A retry that meets the quota goes on as jobs end.
        const seconds = getWaitSeconds(error);
        if (seconds === undefined) throw error;
        return seconds;
      }
    };
    if (work.name === 'cancel') await ledger.cancelBatch(batchId);
    if (work.name !== 'expand') return sweep(work);
    const seconds = record.status === 'expanding' ? await expand(record, job) : undefined;
    if (seconds !== undefined) return seconds;
    // Jobs that were submitted while the batch was being cancelled.
    const isCancelled = (await ledger.getBatch(batchId))?.cancelling === true;
    return isCancelled ? sweep({ name: 'cancel' }) : undefined;
  }

  async function expand(
    record: BatchRecord,
    { attemptsMade }: Job<BatchTicket>,
  ): Promise<number | undefined> {
    const turn = startTurn();
    try {
      const expansion = await expandBatch(record, {
        dependencies,
        signal: stop.signal,
        isTurnOver: turn.isOver,
        ...(submit && { submit }),
      });
      return expansion.kind === 'wait' ? expansion.seconds : undefined;
    } catch (error) {
      if (attemptsMade + 1 < MAX_TRIES) throw error;
      log.error({ err: error, batch: record.id }, 'batches: expansion given up');
      await ledger.completeExpansion(record.id, toWireError(error));
      return undefined;
    } finally {
      turn.end();
    }
  }

  /** Over when its time is up and another ticket waits. */
  function startTurn(): { isOver: () => boolean; end: () => void } {
    let isOver = false;
    const look = async () => {
      isOver = (await queues.get(queues.catalogue.expand).getWaitingCount()) > 0;
    };
    const timer = setInterval(() => void look().catch(() => undefined), turnMs);
    return { isOver: () => isOver, end: () => clearInterval(timer) };
  }

  let closing: Promise<void> | undefined;
  return {
    close: () => {
      closing ??= (async () => {
        stop.abort();
        await worker.close();
        connection.disconnect();
      })();
      return closing;
    },
  };
}
