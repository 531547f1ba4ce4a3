// Reads a batch's input and submits its items, page by page. Each page ends with a checkpoint; what was submitted behind
// the last one is submitted again after a crash, and is then the same jobs with the same places.
//
//     expanding ──▶ complete (its input is read to the end, or cannot be)
//         ├──▶ wait (a quota is used up, an outage interrupts, or others wait): called again later, it goes on at the
//         │    checkpoint
//         └──▶ stopped (cancelled or removed meanwhile)

import { CodedError, toWireError } from '@stenofleet/shared/errors';
import { type BatchRecord } from '@stenofleet/shared/job';
import { toRedisError } from '@stenofleet/shared/queue';
import { type ApiDependencies } from '../dependencies.js';
import { submitJob } from '../submit-job.js';
import { readBatchItems } from './read-batch-items.js';
import { type ManifestItem } from './resolve-item.js';
import { submitPage, type SubmitPageOptions } from './submit-page.js';

const PAGE = 100;
const SHORTEST_WAIT_SECONDS = 2;
const LONGEST_WAIT_SECONDS = 300;

export type Expansion =
  { kind: 'complete' } | { kind: 'stopped' } | { kind: 'wait'; seconds: number };

export type ExpandOptions = {
  dependencies: ApiDependencies;
  signal: AbortSignal;
  /** @defaultValue submitJob */
  submit?: SubmitPageOptions['submit'];
  pause?: SubmitPageOptions['pause'];
  isTurnOver?: SubmitPageOptions['isTurnOver'];
};

/** @throws an outage that let nothing be done: to be tried again with a pause */
export async function expandBatch(record: BatchRecord, options: ExpandOptions): Promise<Expansion> {
  const { dependencies, signal, pause, isTurnOver } = options;
  const { ledger } = dependencies;
  const submit = options.submit ?? submitJob;
  let { itemsRead } = record;
  const before = itemsRead;
  try {
    for await (const page of toPages(readBatchItems(record, { dependencies, signal }))) {
      if (!(await isExpanding(record.id, dependencies))) return { kind: 'stopped' };
      const { settled, refused, interruption } = await submitPage(page, {
        batch: record,
        submit,
        dependencies,
        signal,
        isTurnOver,
        ...(pause && { pause }),
      });
      const last = page[settled - 1];
      if (last !== undefined) {
        itemsRead += settled;
        await ledger.advanceBatch(record.id, { itemsRead, cursor: last.cursor, refused });
      }
      if (interruption !== undefined) throw interruption.error;
      if (signal.aborted || settled < page.length) return { kind: 'wait', seconds: 0 };
    }
  } catch (thrown) {
    const error = toRedisError(thrown);
    if (signal.aborted) return { kind: 'wait', seconds: 0 };
    const seconds = getWaitSeconds(error);
    if (seconds !== undefined) return { kind: 'wait', seconds };
    if (!(error instanceof CodedError) || error.retryable) {
      // What got on counts as no failed try.
      if (itemsRead > before) return { kind: 'wait', seconds: SHORTEST_WAIT_SECONDS };
      throw error;
    }
    await ledger.completeExpansion(record.id, toWireError(error));
    return { kind: 'complete' };
  }
  await ledger.completeExpansion(record.id);
  return { kind: 'complete' };
}

/** A quota's own advice is for clients; the fleet asks more often, since open jobs end all the time. */
export function getWaitSeconds(error: unknown): number | undefined {
  if (!(error instanceof CodedError) || error.code !== 'QUOTA_EXCEEDED') return undefined;
  const advice = error.details?.['retryAfterSeconds'];
  const seconds = (typeof advice === 'number' ? advice : 60) / 12;
  return Math.min(Math.max(seconds, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS);
}

async function isExpanding(
  id: string,
  { ledger }: Pick<ApiDependencies, 'ledger'>,
): Promise<boolean> {
  return (await ledger.getBatch(id))?.status === 'expanding';
}

async function* toPages(items: AsyncIterable<ManifestItem>): AsyncGenerator<ManifestItem[]> {
  let page: ManifestItem[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
