// Scratch outlives its job where a host died between the last write and the removal.

import { type JobRecord } from '@stenofleet/shared/job';
import { type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { type ObjectStore, SCRATCH_PREFIX, scratchPrefix } from '@stenofleet/shared/storage';
import { removeScratch } from './checkpoints.js';

const DAY_MS = 24 * 3_600_000;
/** Sorts behind every key below a job's prefix. */
const LAST = '~';

export type SweepOptions = {
  storage: ObjectStore;
  ledger: Ledger;
  log: Log;
  now: () => number;
  signal: AbortSignal;
};

/** Removes scratch that is older than a day, of jobs that need none; answers of how many. */
export async function sweepScratch(options: SweepOptions): Promise<number> {
  const { storage, ledger, log, now, signal } = options;
  let after = SCRATCH_PREFIX;
  let removed = 0;
  for (;;) {
    signal.throwIfAborted();
    const page = await storage.list({ prefix: SCRATCH_PREFIX, after, signal });
    if (page.length === 0) return removed;
    const oldest = new Map<string, number>();
    for (const { key, modifiedAt } of page) {
      const jobId = getJobId(key);
      if (!oldest.has(jobId)) oldest.set(jobId, modifiedAt.getTime());
      after = `${scratchPrefix(jobId)}${LAST}`;
    }
    const old = [...oldest].filter(([, atMs]) => atMs < now() - DAY_MS).map(([id]) => id);
    const records = await ledger.getJobs(old);
    for (const [index, jobId] of old.entries()) {
      if (needsScratch(records[index])) continue;
      await removeScratch(storage, jobId);
      log.info({ job: jobId }, 'removed abandoned scratch');
      removed++;
    }
  }
}

/** What failed, wholly or in part, is kept for a retry as long as its record. */
function needsScratch(record: JobRecord | undefined): boolean {
  return record !== undefined && record.status !== 'done' && record.status !== 'cancelled';
}

function getJobId(key: string): string {
  return key.slice(SCRATCH_PREFIX.length).split('/')[0] ?? '';
}
