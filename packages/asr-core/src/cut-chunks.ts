// A recording's audio to chunks that any host can recognise: speech is detected once, here, and nowhere again. Memory is
// bounded by about one chunk, not by the length of the recording.

import { type Inference } from './inference/inference.js';
import { type PreparedSpeech } from './join-chunks.js';
import { type LevelSums } from './quality/measure-levels.js';
import { type FindSegmentsOptions, findSegments } from './speech/find-segments.js';
import {
  type ChunkPlan,
  type ChunkPlanner,
  createChunkPlanner,
  limitChunkSeconds,
} from './speech/plan-chunks.js';
import { type Segmenter } from './speech/segmenter.js';

export type CutChunksOptions = FindSegmentsOptions & {
  /** Longest chunk, in seconds; with many channels chunks are shorter. @defaultValue 300 */
  chunkSeconds?: number;
  /** Of the recording, if its first and last chunks are to be short: then several hosts begin and end together. */
  durationSeconds?: number | undefined;
  /** Position up to which the recording was heard, after each block. */
  onProgress?: (heardSamples: number) => void;
};

/** A chunk with its audio. */
export type CutChunk = {
  plan: ChunkPlan;
  /** One array for each channel: `[startSamples, endSamples)` of the plan as it came, digital silence not yet filled. */
  audio: Float32Array[];
};

/**
 * Cuts audio to chunks while it is being decoded, and returns what is known of the whole recording at its end. Blocks
 * are as in `transcribeAudio`. A recording without speech has no chunk.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, and what the blocks throw
 */
export async function* cutChunks(
  blocks: AsyncIterable<readonly Float32Array[]>,
  inference: Pick<Inference, 'listen' | 'capabilities'>,
  options: CutChunksOptions = {},
): AsyncGenerator<CutChunk, PreparedSpeech, undefined> {
  const { chunkSeconds = 300, durationSeconds, onProgress } = options;
  let planner: ChunkPlanner | undefined;
  let channels: readonly Segmenter[] = [];
  let levels: LevelSums[] = [];
  let durationSamples = 0;
  let computeMs = 0;

  for await (const found of findSegments(blocks, inference, options)) {
    ({ channels, levels } = found);
    durationSamples = found.heardSamples;
    computeMs += found.computeMs;
    planner ??= createChunkPlanner({
      chunkSeconds: limitChunkSeconds(chunkSeconds, channels.length),
      durationSeconds,
    });
    const plans = planner.plan(
      channels.map(({ settledUntilSamples }, index) => ({
        segments: found.segments[index]!,
        settledUntilSamples: found.ended ? Infinity : settledUntilSamples,
      })),
    );
    for (const plan of plans) {
      const audio = channels.map((channel) =>
        channel.readSamples(plan.startSamples, plan.endSamples),
      );
      yield { plan, audio };
    }
    for (const channel of channels) channel.dropBefore(planner.neededFromSamples);
    if (!found.ended) onProgress?.(durationSamples);
  }
  return {
    durationSamples,
    speech: channels.map(({ speech }) => [...speech]),
    levels,
    computeSeconds: computeMs / 1000,
  };
}
