// What a user may do to a job that is there: cancel, retry, delete.

import { CodedError } from '@stenofleet/shared/errors';
import { isFinal, type JobRecord } from '@stenofleet/shared/job';
import { scratchPrefix, parseObjectKey } from '@stenofleet/shared/storage';
import { setTimeout as wait } from 'node:timers/promises';
import { type ApiDependencies } from './dependencies.js';
import { manifestKey, readManifest } from './read-manifest.js';
import { readQuota } from './tenant-quota.js';

/** A worker lets go of a cancelled job within two seconds; of one that has ended at once. */
const LET_GO_MS = 3_000;
const LET_GO_POLL_MS = 50;

/** Cancels what is not final. A job that is cancelled already stays so. @throws CodedError `JOB_STATE_CONFLICT` */
export async function cancelJob(
  { spec, attempt }: JobRecord,
  dependencies: Pick<ApiDependencies, 'ledger' | 'queues' | 'storage'>,
): Promise<JobRecord> {
  const { ledger, queues, storage } = dependencies;
  const record = await ledger.cancelJob(spec.id);
  if (record === undefined) throw gone(spec.id);
  if (record.status !== 'cancelled') {
    throw conflict(record, 'Only what is queued or running can be cancelled');
  }
  const numChunks = attempt === 0 ? 0 : await countChunks(spec.id, storage);
  await queues.removeJob(record, numChunks);
  await storage.deletePrefix(scratchPrefix(spec.id));
  return record;
}

/**
 * failed, partial or cancelled → queued; what is finished of it is not done again.
 * @throws CodedError `JOB_STATE_CONFLICT`, `QUOTA_EXCEEDED`
 */
export async function retryJob(
  { spec }: JobRecord,
  dependencies: Pick<ApiDependencies, 'ledger' | 'queues' | 'config' | 'redis' | 'keys'>,
): Promise<JobRecord> {
  const { ledger, queues } = dependencies;
  const before = await ledger.getJob(spec.id);
  if (before === undefined) throw gone(spec.id);
  if (isFinal(before.status) && before.status !== 'done') {
    await ledger.clearCrashes(spec.id);
    await waitForTicket(before, queues);
  }
  const quota = await readQuota(spec.tenant, dependencies);
  const record = await ledger.requeueJob(spec.id, { quota });
  if (record === undefined) {
    throw conflict(before, 'Only what is failed, partial or cancelled can be tried again');
  }
  await queues.addJob(record);
  return record;
}

/** A new ticket is not taken while the old one is in hand, and would be missing when that one ends. */
async function waitForTicket(record: JobRecord, queues: ApiDependencies['queues']): Promise<void> {
  const deadline = performance.now() + LET_GO_MS;
  while (performance.now() < deadline && (await queues.isInHand(record))) {
    await wait(LET_GO_POLL_MS);
  }
}

/** Forgets a final job; with `outputs` also what it published. @throws CodedError `JOB_STATE_CONFLICT` */
export async function deleteJob(
  record: JobRecord,
  {
    outputs,
    dependencies,
  }: {
    outputs: boolean;
    dependencies: Pick<ApiDependencies, 'ledger' | 'queues' | 'storage' | 'openStore'>;
  },
): Promise<void> {
  const { id } = record.spec;
  const { ledger, queues, storage } = dependencies;
  if (!isFinal(record.status))
    throw conflict(record, 'Cancel it first: only final jobs can be deleted');
  if (outputs) await deleteOutputs(record, dependencies);
  await storage.deletePrefix(scratchPrefix(id));
  await queues.removeJob(record, 0);
  if (!(await ledger.removeJob(id))) {
    const now = await ledger.getJob(id);
    if (now !== undefined) throw conflict(now, 'Cancel it first: only final jobs can be deleted');
  }
}

/** The manifest first: without it readers see nothing, however far the rest gets. */
async function deleteOutputs(
  { spec }: JobRecord,
  { openStore }: Pick<ApiDependencies, 'openStore'>,
): Promise<void> {
  const manifest = await readManifest(spec.output, { openStore });
  // Another job may have published over it since.
  if (manifest?.jobId !== spec.id) return;
  const store = openStore(spec.output.prefix);
  await store.delete([manifestKey(spec.output.name)]);
  const keys = manifest.files.flatMap(({ url }) => parseObjectKey(spec.output.prefix, url) ?? []);
  if (keys.length > 0) await store.delete(keys);
}

/** As many tickets as scratch has chunks; a chunk without its audio there has no ticket yet. */
async function countChunks(id: string, storage: ApiDependencies['storage']): Promise<number> {
  let count = 0;
  let after: string | undefined;
  do {
    const page = await storage.list({
      prefix: scratchPrefix(id),
      limit: 1000,
      ...(after !== undefined && { after }),
    });
    for (const { key } of page) {
      const index = /\/chunk-(\d+)\.[^/]*$/.exec(key)?.[1];
      if (index !== undefined) count = Math.max(count, Number(index) + 1);
    }
    after = page.length === 1000 ? page.at(-1)?.key : undefined;
  } while (after !== undefined);
  return count;
}

function conflict({ spec, status }: JobRecord, what: string): CodedError {
  return new CodedError('JOB_STATE_CONFLICT', `${what}; ${spec.id} is ${status}.`, {
    details: { status },
  });
}

function gone(id: string): CodedError {
  return new CodedError('JOB_NOT_FOUND', `There is no job "${id}".`, { field: 'id' });
}
