// Works off the tickets of batches: reading their input, cancelling and retrying their jobs.

import { toWireError } from '@stenofleet/shared/errors';
import { MAX_TRIES, openRedis, planRetryPause } from '@stenofleet/shared/queue';
import { DelayedError, type Job, Worker } from 'bullmq';
import { type ApiDependencies } from '../dependencies.js';
import { addBatchTicket, type BatchTicket } from './batch-tickets.js';
import { expandBatch, type ExpandOptions } from './expand-batch.js';
import { sweepAll } from './sweep-jobs.js';

const CONCURRENCY = 2;
/** Tries until a ticket whose batch is not there counts as left over: it is put into the queue before the record. */
const ORPHAN_TRIES = 4;
/** Ends of processes say nothing about a batch; see the stall policy of the workers. */
const MAX_STALLS = 1_000;

export type BatchExpanderOptions = Pick<ExpandOptions, 'submit'> & {
  /** Silence after which a killed process's ticket is another's, in ms. @defaultValue 30000 */
  lockMs?: number;
};

export type BatchExpander = { close: () => Promise<void> };

export function startBatchExpander(
  dependencies: ApiDependencies,
  { submit, lockMs = 30_000 }: BatchExpanderOptions = {},
): BatchExpander {
  const { config, log, ledger, queues, redis, keys } = dependencies;
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
      stalledInterval: lockMs,
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
    if (work.name !== 'expand') {
      if (work.name === 'cancel') await ledger.cancelBatch(batchId);
      const options = { work, batch: record, dependencies, signal: stop.signal };
      return (await sweepAll(options)) ? undefined : 0;
    }
    if (record.status !== 'expanding') return undefined;
    try {
      const expansion = await expandBatch(record, {
        dependencies,
        signal: stop.signal,
        ...(submit && { submit }),
      });
      if (expansion.kind === 'wait') return expansion.seconds;
    } catch (error) {
      if (job.attemptsMade + 1 < MAX_TRIES) throw error;
      log.error({ err: error, batch: batchId }, 'batches: expansion given up');
      await ledger.completeExpansion(batchId, toWireError(error));
    }
    // Jobs that were submitted while the batch was being cancelled.
    if ((await redis.hexists(keys.batch(batchId), 'cancel')) === 1) {
      await addBatchTicket(batchId, { work: { name: 'cancel' }, queues });
    }
    return undefined;
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
