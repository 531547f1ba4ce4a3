// Blocks of audio → speech → segments, while the audio is still coming.

import { cancelled } from '../errors.js';
import { type Inference } from '../inference/inference.js';
import { createLevelMeter, type LevelMeter, type LevelSums } from '../quality/measure-levels.js';
import { type Segment } from '../transcript.js';
import { type SpeechOptions } from './find-speech.js';
import { type SegmentLimits } from './plan-segments.js';
import { readAhead } from './read-ahead.js';
import { repairSamples } from './repair-samples.js';
import { type Segmenter, createSegmenter } from './segmenter.js';
import { type VadResult } from './silero-vad.js';

export type FindSegmentsOptions = {
  speech?: SpeechOptions | undefined;
  /** Overrides how segments are planned: as the model limits them. */
  segments?: Partial<SegmentLimits> | undefined;
  signal?: AbortSignal | undefined;
};

/** What one block has decided. Whoever takes it drops the audio that is needed no more. */
export type FoundSegments = {
  /** One for each channel. */
  channels: readonly Segmenter[];
  /** New segments of each channel, in order. */
  segments: readonly (readonly Segment[])[];
  /** Of each channel so far. */
  levels: LevelSums[];
  /** Samples heard so far. */
  heardSamples: number;
  /** Lane time that detecting speech in this block took. */
  computeMs: number;
  ended: boolean;
};

/**
 * Yields after every block, and once more at the end. Blocks are taken over as `transcribeAudio` says; speech
 * detection remembers each channel from block to block.
 * @throws AsrError `CANCELLED`, `INFERENCE_…`, and what the blocks throw
 */
export async function* findSegments(
  blocks: AsyncIterable<readonly Float32Array[]>,
  inference: Pick<Inference, 'listen' | 'capabilities'>,
  { speech, segments, signal }: FindSegmentsOptions,
): AsyncGenerator<FoundSegments, void, undefined> {
  const limits = { maxSegmentSeconds: inference.capabilities.maxSegmentSeconds, ...segments };
  const channels: Segmenter[] = [];
  const meters: LevelMeter[] = [];
  let heardSamples = 0;
  const getLevels = () => meters.map((meter) => meter.getSums());

  // The next block is in a lane while segments are made of this one.
  for await (const { block, judged } of readAhead(judgeBlocks(blocks, { inference, signal }))) {
    if (signal?.aborted) throw cancelled();
    while (channels.length < block.length) {
      channels.push(createSegmenter({ limits, speech }));
      meters.push(createLevelMeter());
    }
    heardSamples += block[0]?.length ?? 0;
    const found = judged.map(({ probabilities }, index) => {
      meters[index]!.push(block[index]!);
      return channels[index]!.push(block[index]!, probabilities);
    });
    const computeMs = judged.reduce((sum, result) => sum + result.computeMs, 0);
    yield { channels, segments: found, levels: getLevels(), heardSamples, computeMs, ended: false };
  }
  if (signal?.aborted) throw cancelled();
  const last = channels.map((channel) => channel.finish());
  yield { channels, segments: last, levels: getLevels(), heardSamples, computeMs: 0, ended: true };
}

type JudgedBlock = { block: readonly Float32Array[]; judged: readonly VadResult[] };

/** Repairs each block and hears it for speech. The next one is on its way before the lane has answered. */
async function* judgeBlocks(
  blocks: AsyncIterable<readonly Float32Array[]>,
  { inference, signal }: { inference: Pick<Inference, 'listen'>; signal: AbortSignal | undefined },
): AsyncGenerator<JudgedBlock, void, undefined> {
  const listener = inference.listen();
  const judge = async (block: readonly Float32Array[]): Promise<JudgedBlock> => {
    block.forEach(repairSamples);
    return { block, judged: await listener.hear(block, signal) };
  };
  let before: Promise<JudgedBlock> | undefined;
  try {
    for await (const block of readAhead(blocks)) {
      const judging = judge(block);
      // Thrown when its turn comes; nobody may wait for it any more.
      judging.catch(() => undefined);
      if (before) yield await before;
      before = judging;
    }
    if (before) yield await before;
  } finally {
    listener.close();
  }
}
