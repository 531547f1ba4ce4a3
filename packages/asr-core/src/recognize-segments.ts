// Segments to words, as many at a time as the lanes have use for: the one place where audio is handed to inference.

import { type HeardSegment } from './align/stitch-segments.js';
import { placeWords } from './align/place-words.js';
import { AsrError, cancelled } from './errors.js';
import { type GuardEvent } from './guards/guard-event.js';
import { type Inference } from './inference/inference.js';
import { type DecodingOptions } from './recognizer.js';
import { type Segment, type Word } from './transcript.js';

/** A segment and where its audio is to be had, at the time when it is needed. */
export type SegmentSource = { channel: number; segment: Segment; cutSamples: () => Float32Array };

/** What was recognised of a chunk, or of a whole recording; JSON. */
export type ChunkResult = {
  /** In the order in which they were given. */
  segments: { channel: number; segment: Segment; words: Word[]; guardEvents: GuardEvent[] }[];
  /** Time that lanes spent on these segments. */
  computeSeconds: number;
};

export type RecognizeSegmentsOptions = {
  decoding?: DecodingOptions;
  signal?: AbortSignal | undefined;
  /** Called as each segment is recognized, in any order. */
  onRecognized?: (heard: HeardSegment) => void;
};

/**
 * Recognises segments while more are being found: the next one is asked for when there is room for its audio. The signal
 * that `findSources` gets ends with the first failure.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, `LANGUAGE_…`, and what the sources throw
 */
export async function recognizeSegments(
  findSources: (stop: AbortSignal) => AsyncIterable<SegmentSource> | Iterable<SegmentSource>,
  inference: Inference,
  { decoding = {}, signal, onRecognized }: RecognizeSegmentsOptions,
): Promise<ChunkResult> {
  // Ends everything in hand when one part fails.
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const outcomes: ReturnType<typeof recognize>[] = [];

  const recognize = async ({ channel, segment, cutSamples }: SegmentSource) => {
    const recognized = await inference.recognize({
      samples: cutSamples(),
      signal: stop,
      decoding,
    });
    const words = placeWords(recognized.words, segment);
    onRecognized?.({ segment, words });
    const heard = { channel, segment, words, guardEvents: [] };
    return { heard, computeMs: recognized.computeMs };
  };

  try {
    for await (const source of findSources(stop)) {
      const length = source.segment.audioEndSamples - source.segment.audioStartSamples;
      await inference.budget.reserve(length, stop);
      const outcome = recognize(source).finally(() => inference.budget.release(length));
      // A failure is thrown where all results are awaited; it also stops the rest at once.
      outcome.catch(() => failure.abort());
      outcomes.push(outcome);
    }
    if (signal?.aborted) throw cancelled();
    const recognized = await Promise.all(outcomes);
    return {
      segments: recognized.map(({ heard }) => heard),
      computeSeconds: recognized.reduce((sum, { computeMs }) => sum + computeMs, 0) / 1000,
    };
  } catch (error) {
    failure.abort();
    const settled = await Promise.allSettled(outcomes);
    if (signal?.aborted) throw cancelled();
    throw findCause(settled) ?? error;
  }
}

/** The failure behind a stop: others merely report that they were cancelled. */
function findCause(outcomes: readonly PromiseSettledResult<unknown>[]): unknown {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  return reasons.find((reason) => !(reason instanceof AsrError && reason.code === 'CANCELLED'));
}
