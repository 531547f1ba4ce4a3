// All recordings of a run: several at once, so that no lane idles; one failure stops no other.
//
//     waiting ──▶ running ──▶ done, unchanged, failed
//                    └── error that a retry may cure ──▶ waits for all others ──▶ running alone ──▶ done, failed
//
// Alone, because what crashed the inference process took its neighbours with it: they get their second try, and it
// cannot take them again.

import { type TranscriptFlag } from '@stenofleet/transcript';
import { describeError, type ErrorReport, isCancellation } from '../describe-error.js';
import { mapConcurrently } from './map-concurrently.js';

export type RecordingOutcome =
  | {
      status: 'done';
      outputs: string[];
      durationSeconds: number;
      processingSeconds: number;
      words: number;
      /** The transcript's quality report in one line. */
      quality: string | undefined;
      flags: TranscriptFlag[];
      /** What the transcript that was there was made with: another model, other options. */
      replaces?: string;
    }
  | { status: 'skipped'; outputs: string[]; flags: TranscriptFlag[] }
  | { status: 'failed'; error: ErrorReport }
  | { status: 'cancelled' };

export type RunRecordingsOptions<Item> = {
  limit: number;
  signal: AbortSignal;
  onStart: (item: Item) => void;
  onFinish: (item: Item, outcome: RecordingOutcome) => void;
};

/** Never rejects: whatever `work` throws becomes an outcome. Items that were not started end as cancelled. */
export async function runRecordings<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<RecordingOutcome>,
  { limit, signal, onStart, onFinish }: RunRecordingsOptions<Item>,
): Promise<void> {
  const tryOnce = async (item: Item): Promise<RecordingOutcome> => {
    try {
      return await work(item);
    } catch (error) {
      if (signal.aborted || isCancellation(error)) return { status: 'cancelled' };
      return { status: 'failed', error: describeError(error) };
    }
  };
  const again: Item[] = [];
  const finished = new Set<Item>();
  const finish = (item: Item, outcome: RecordingOutcome) => {
    finished.add(item);
    onFinish(item, outcome);
  };
  await mapConcurrently(
    items,
    async (item) => {
      onStart(item);
      const outcome = await tryOnce(item);
      if (outcome.status === 'failed' && outcome.error.retryable) again.push(item);
      else finish(item, outcome);
    },
    { limit, signal },
  );
  await mapConcurrently(again, async (item) => finish(item, await tryOnce(item)), {
    limit: 1,
    signal,
  });
  items
    .filter((item) => !finished.has(item))
    .forEach((item) => onFinish(item, { status: 'cancelled' }));
}
