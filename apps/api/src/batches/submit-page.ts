// A page of items becomes jobs, several at a time.

import { setTimeout as wait } from 'node:timers/promises';
import { CodedError, toWireError } from '@stenofleet/shared/errors';
import { type JobRecord, type RefusedItem } from '@stenofleet/shared/job';
import { toRedisError } from '@stenofleet/shared/queue';
import { type ApiDependencies } from '../dependencies.js';
import { type submitJob } from '../submit-job.js';
import { checkWebhookUrl } from '../webhooks/check-webhook-url.js';
import { type ManifestItem } from './resolve-item.js';

/** Submissions at once: each may ask a web server about its recording. */
const CONCURRENCY = 8;
/** Pauses before a source that did not answer is asked again. */
const PAUSES_MS = [500, 2_000];
/** What ails the fleet and not the item: the page is taken up again later. */
const OUTAGES = ['REDIS_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_FULL', 'JOB_CANCELLED'];

export type PageOutcome = {
  /** Items from the page's beginning that are dealt with: each is a job or refused. */
  settled: number;
  refused: RefusedItem[];
  /** Why the page stopped short: a quota that is used up, or an outage. */
  interruption?: { error: Error };
};

export type SubmitPageOptions = {
  batch: { id: string; tenant: string };
  submit: typeof submitJob;
  dependencies: ApiDependencies;
  signal: AbortSignal;
  /** Whether other batches wait and this one has had its time: no further item is begun. @defaultValue never */
  isTurnOver?: (() => boolean) | undefined;
  /** @defaultValue a timer */
  pause?: (ms: number) => Promise<void>;
};

export async function submitPage(
  items: readonly ManifestItem[],
  options: SubmitPageOptions,
): Promise<PageOutcome> {
  const results = new Map<number, RefusedItem | 'accepted'>();
  let next = 0;
  let interruption: PageOutcome['interruption'];
  const isTurnOver = options.isTurnOver ?? (() => false);
  const isStopped = () => interruption !== undefined || options.signal.aborted || isTurnOver();
  const work = async () => {
    while (next < items.length && !isStopped()) {
      const index = next++;
      const item = items[index];
      if (item === undefined) return;
      try {
        results.set(index, await submitItem(item, options));
      } catch (error) {
        interruption ??= { error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));

  let settled = 0;
  const refused: RefusedItem[] = [];
  for (let result = results.get(0); result !== undefined; result = results.get(++settled)) {
    if (result !== 'accepted') refused.push(result);
  }
  return { settled, refused, ...(interruption !== undefined && { interruption }) };
}

/** @throws what concerns more than this item */
async function submitItem(
  { item, source, request, error: refusal, ...rest }: ManifestItem,
  options: SubmitPageOptions,
): Promise<RefusedItem | 'accepted'> {
  if (request === undefined) return { item, source, error: refusal };
  const { batch, submit, dependencies, signal } = options;
  const pause = options.pause ?? ((ms) => wait(ms, undefined, { signal }));
  const { ledger } = dependencies;
  const known = 'known' in rest ? rest.known : undefined;
  for (let tries = 0; ; tries++) {
    try {
      if (request.webhook !== undefined) checkWebhookUrl(request.webhook.url, dependencies);
      const { record, created } = await submit(
        request,
        {
          principal: { tenant: batch.tenant },
          batch: batch.id,
          item,
          signal,
          ...(known !== undefined && { known }),
        },
        // A job whose record is restored takes its place in the batch, too.
        {
          ...dependencies,
          ledger: { ...ledger, restoreJob: (record) => ledger.restoreJob(record, { item }) },
        },
      );
      if (!created) await join(record, { batch, item, dependencies });
      return 'accepted';
    } catch (thrown) {
      const error = toRedisError(thrown);
      if (signal.aborted || isInterruption(error)) throw error;
      const pauseMs = isUnavailable(error) ? PAUSES_MS[tries] : undefined;
      if (pauseMs === undefined) {
        const wire = toWireError(error);
        if (wire.code === 'INTERNAL') {
          dependencies.log.error({ err: error, batch: batch.id, item }, 'item refused');
        }
        return { item, source, error: wire };
      }
      await pause(pauseMs);
    }
  }
}

/** A job that was there before becomes one of the batch's, or a duplicate of one. */
async function join(
  { spec }: JobRecord,
  {
    batch,
    item,
    dependencies: { ledger, queues },
  }: Pick<SubmitPageOptions, 'batch' | 'dependencies'> & { item: number },
): Promise<void> {
  const answer = await ledger.createJob({ ...spec, batch: batch.id }, { item });
  // It was removed this very moment.
  if (answer.kind === 'created') await queues.addJob(answer.record);
}

function isInterruption(error: unknown): boolean {
  return (
    error instanceof CodedError && (error.code === 'QUOTA_EXCEEDED' || OUTAGES.includes(error.code))
  );
}

function isUnavailable(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'SOURCE_UNAVAILABLE';
}
