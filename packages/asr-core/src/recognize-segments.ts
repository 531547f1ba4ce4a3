// Segments to words, as many at a time as the lanes have use for: the one place where audio is handed to inference.

import { type HeardSegment } from './align/stitch-segments.js';
import { AsrError, cancelled } from './errors.js';
import { type GuardEvent } from './guards/guard-event.js';
import { type UseBetterTier, hearGuarded } from './guards/hear-guarded.js';
import { type SegmentCut } from './guards/plan-other-cut.js';
import { type Inference } from './inference/inference.js';
import { type DecodingOptions } from './recognizer.js';
import { type Segment, type Word } from './transcript.js';

/**
 * A segment and where its audio is to be had: first when it is recognized, and again, even when later segments were
 * found, should it have to be heard again.
 */
export type SegmentSource = SegmentCut & { channel: number };

/** What was recognised of a chunk, or of a whole recording; JSON. */
export type ChunkResult = {
  /** In the order in which they were given. */
  segments: { channel: number; segment: Segment; words: Word[]; guardEvents: GuardEvent[] }[];
  /** Time that lanes spent on these segments. */
  computeSeconds: number;
};

export type RecognizeSegmentsOptions = {
  decoding?: DecodingOptions;
  /** For segments that a guard does not let pass at another cut either. */
  useBetterTier?: UseBetterTier | undefined;
  signal?: AbortSignal | undefined;
  /** Called as each segment is recognized, in any order. */
  onRecognized?: (heard: HeardSegment) => void;
};

/**
 * Where so many segments in a row stayed without words, detection takes something else for speech (music, a machine),
 * and to hear the rest twice would be in vain.
 */
const MAX_VAIN_RETRIES = 3;

type Outcome = ChunkResult['segments'][number] & { computeMs: number };

/**
 * Recognises segments while more are being found: the next one is asked for when there is room for its audio. The signal
 * that `findSources` gets ends with the first failure. What guards do not let pass is heard again; the result depends
 * on the audio alone, not on what was done first.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, `LANGUAGE_…`, and what the sources throw
 */
export async function recognizeSegments(
  findSources: (stop: AbortSignal) => AsyncIterable<SegmentSource> | Iterable<SegmentSource>,
  inference: Inference,
  { decoding = {}, useBetterTier, signal, onRecognized }: RecognizeSegmentsOptions,
): Promise<ChunkResult> {
  // Ends everything in hand when one part fails.
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const outcomes: Promise<Outcome>[] = [];
  /** Retries in vain, in a row, among all segments so far. */
  let vainRetries = Promise.resolve(0);

  const recognize = async (
    source: SegmentSource,
    vainBefore: Promise<number>,
  ): Promise<Outcome> => {
    const { channel, segment } = source;
    const hearing = await hearGuarded(source, {
      ...{ inference, useBetterTier, decoding, signal: stop },
      // Those before have room for their audio already: they settle without this one.
      mayRetrySilence: async () => (await vainBefore) < MAX_VAIN_RETRIES,
    });
    onRecognized?.({ segment, words: hearing.words });
    return { channel, segment, ...hearing };
  };

  try {
    for await (const source of findSources(stop)) {
      const length = source.segment.audioEndSamples - source.segment.audioStartSamples;
      await inference.budget.reserve(length, stop);
      const vainBefore = vainRetries;
      const outcome = recognize(source, vainBefore).finally(() => inference.budget.release(length));
      // A failure is thrown where all results are awaited; it also stops the rest at once.
      outcome.catch(() => failure.abort());
      vainRetries = outcome.then(
        async ({ guardEvents }) => countVainRetries(await vainBefore, guardEvents),
        () => 0,
      );
      outcomes.push(outcome);
    }
    if (signal?.aborted) throw cancelled();
    const recognized = await Promise.all(outcomes);
    return {
      segments: recognized.map(({ channel, segment, words, guardEvents }) => ({
        ...{ channel, segment, words, guardEvents },
      })),
      computeSeconds: recognized.reduce((sum, { computeMs }) => sum + computeMs, 0) / 1000,
    };
  } catch (error) {
    failure.abort();
    const settled = await Promise.allSettled(outcomes);
    if (signal?.aborted) throw cancelled();
    throw findCause(settled) ?? error;
  }
}

function countVainRetries(before: number, events: readonly GuardEvent[]): number {
  const silence = events.find(({ guard }) => guard === 'no-words');
  if (!silence) return 0;
  return silence.outcome === 'kept' ? before + 1 : 0;
}

/** The failure behind a stop: others merely report that they were cancelled. */
function findCause(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  return reasons.find((reason) => !(reason instanceof AsrError && reason.code === 'CANCELLED'));
}
