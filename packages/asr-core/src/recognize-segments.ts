// Segments to words, as many at a time as the lanes have use for: the one place where audio is handed to inference.

import { type HeardSegment } from './align/stitch-segments.js';
import { computeWords } from './align/words.js';
import { AsrError, cancelled } from './errors.js';
import { type Inference } from './inference/inference.js';
import { type Segment, type Word } from './transcript.js';

/** A segment and where its audio is to be had, at the time when it is needed. */
export type SegmentSource = { channel: number; segment: Segment; cutSamples: () => Float32Array };

/** What was recognised of a chunk, or of a whole recording; JSON. */
export type ChunkResult = {
  /** In the order in which they were given. */
  segments: { channel: number; segment: Segment; words: Word[] }[];
  /** Time that lanes spent on these segments. */
  computeSeconds: number;
};

export type RecognizeSegmentsOptions = {
  /** BCP 47 code, where the caller knows it. */
  language?: string | undefined;
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
  { language, signal, onRecognized }: RecognizeSegmentsOptions,
): Promise<ChunkResult> {
  // Ends everything in hand when one part fails.
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const outcomes: ReturnType<typeof recognize>[] = [];

  const recognize = async ({ channel, segment, cutSamples }: SegmentSource) => {
    const { pieces, samplesPerFrame, computeMs } = await inference.recognize({
      samples: cutSamples(),
      signal: stop,
      ...(language !== undefined && { language }),
    });
    const words = computeWords(pieces, {
      startSamples: segment.audioStartSamples,
      endSamples: segment.audioEndSamples,
      samplesPerFrame,
    });
    onRecognized?.({ segment, words });
    return { channel, segment, words, computeMs };
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
    const heard = await Promise.all(outcomes);
    return {
      segments: heard.map(({ channel, segment, words }) => ({ channel, segment, words })),
      computeSeconds: heard.reduce((sum, { computeMs }) => sum + computeMs, 0) / 1000,
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
