// What is done to all jobs of a batch, page by page: each step can be repeated, so that a killed sweep begins anew.

import { CodedError } from '@stenofleet/shared/errors';
import { isFinal, type JobRecord, type JobStatus } from '@stenofleet/shared/job';
import { cancelJob, retryJob } from '../change-job.js';
import { type ApiDependencies } from '../dependencies.js';
import { type BatchWork } from './batch-tickets.js';

export const SWEEP_PAGE = 200;

type Sweep = Exclude<BatchWork, { name: 'expand' }>;

export type SweepOptions = {
  work: Sweep;
  batch: { id: string; tenant: string };
  dependencies: Pick<
    ApiDependencies,
    'ledger' | 'queues' | 'storage' | 'config' | 'redis' | 'keys'
  >;
  cursor?: string | undefined;
  signal?: AbortSignal;
};

/** One page; answers where the next begins, undefined behind the last. */
export async function sweepPage(options: SweepOptions): Promise<string | undefined> {
  const { batch, dependencies, cursor } = options;
  const page = await dependencies.ledger.listJobs({
    tenant: batch.tenant,
    batch: batch.id,
    limit: SWEEP_PAGE,
    ...(cursor !== undefined && { cursor }),
  });
  for (const record of page.items) {
    if (isStopped(options)) return cursor;
    await sweepJob(record, options);
  }
  return page.next;
}

/** Answers whether it came to the end. */
export async function sweepAll(options: SweepOptions): Promise<boolean> {
  let { cursor } = options;
  do {
    cursor = await sweepPage({ ...options, cursor });
    if (isStopped(options)) return false;
  } while (cursor !== undefined);
  return true;
}

function isStopped({ signal }: SweepOptions): boolean {
  return signal?.aborted ?? false;
}

async function sweepJob(
  record: JobRecord,
  { work, batch, dependencies }: SweepOptions,
): Promise<void> {
  try {
    if (work.name === 'cancel') {
      // A job that was there before this batch, or that another batch submitted, is somebody else's too.
      const isOwn = record.spec.batch === batch.id;
      if (isOwn && !isFinal(record.status)) await cancelJob(record, dependencies);
      return;
    }
    const wanted: JobStatus[] = work.partial ? ['failed', 'partial'] : ['failed'];
    const isEarlier = (record.finishedAtMs ?? 0) <= work.beforeMs;
    if (wanted.includes(record.status) && isEarlier) await retryJob(record, dependencies);
  } catch (error) {
    // It has become something else, or has gone, since the page was read.
    const isOver =
      error instanceof CodedError && ['JOB_STATE_CONFLICT', 'JOB_NOT_FOUND'].includes(error.code);
    if (!isOver) throw error;
  }
}
