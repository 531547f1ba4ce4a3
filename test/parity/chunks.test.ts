import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type ChunkResult,
  type CutChunk,
  type ModelDescription,
  type PreparedSpeech,
  type Word,
  cutChunks,
  joinChunks,
  recognizeChunk,
  startInferenceProcess,
  transcribeAudio,
} from '@stenofleet/asr-core';
import { describe, expect, it } from 'vitest';
import { demoModel } from '../fixtures/demo-model.js';
import { readExample } from '../fixtures/example-audio.js';

const SECOND = 16_000;
const BLOCK_SAMPLES = 163_840;
const folder = fileURLToPath(
  new URL('../../../shared/data/models/nemo-tdt-small-en/', import.meta.url),
);

/** Decodes eight segments in lock-step: the demo model does not. */
const realModel: ModelDescription = {
  ...demoModel,
  id: 'nemo-tdt-small-en',
  tier: 'fp32',
  files: {
    encoder: `${folder}encoder-model.onnx`,
    decoderJoint: `${folder}decoder_joint-model.onnx`,
    vocabulary: `${folder}vocab.txt`,
    config: `${folder}config.json`,
  },
  frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
  subsamplingFactor: 4,
};

describe.skipIf(!existsSync(folder))('the real model in fp32 (needs ../shared)', () => {
  it('gives a recording in chunks the words that it has in one piece', async () => {
    const podcast = await readExample('podcast.mp3');
    const inference = await startInferenceProcess({ model: realModel, laneCount: 2 });
    const whole = await transcribeAudio(inBlocks(podcast), inference);
    const { chunks, prepared } = await cutAll(inBlocks(podcast), inference);
    const results: ChunkResult[] = [];
    for (const chunk of chunks) results.push(await recognizeChunk(chunk, inference));
    await inference.close();
    expect(chunks.length).toBeGreaterThan(2);

    const [joined, expected] = [joinChunks(results, prepared), whole].map(({ channels }) =>
      channels.flatMap(({ words }) => words),
    ) as [Word[], Word[]];
    const textAndTimes = ({ text, startSamples, endSamples }: Word) =>
      [text, startSamples, endSamples].join(' ');
    expect(joined.map(textAndTimes)).toEqual(expected.map(textAndTimes));
    // A matrix product of eight rows may round in another order than one of three.
    for (const [index, { confidence }] of expected.entries()) {
      expect(joined[index]?.confidence).toBeCloseTo(confidence, 4);
    }
  });

  it('is alive while a group of long segments takes longer than a stall may', async () => {
    const podcast = await readExample('podcast.mp3');
    const inference = await startInferenceProcess({
      model: realModel,
      laneCount: 1,
      stallTimeoutMs: 4_000,
    });
    const group = Array.from({ length: 9 }, (_, i) => podcast.slice(i * SECOND, (i + 45) * SECOND));
    const results = await Promise.all(group.map((samples) => inference.recognize({ samples })));
    await inference.close();
    expect(results.every(({ words }) => words.length > 0)).toBe(true);
  });
});

async function cutAll(
  blocks: AsyncIterable<readonly Float32Array[]>,
  inference: Parameters<typeof cutChunks>[1],
): Promise<{ chunks: CutChunk[]; prepared: PreparedSpeech }> {
  const cut = cutChunks(blocks, inference, { chunkSeconds: 20 });
  const chunks: CutChunk[] = [];
  for (;;) {
    const { value, done } = await cut.next();
    if (done) return { chunks, prepared: value };
    chunks.push(value);
  }
}

async function* inBlocks(samples: Float32Array): AsyncGenerator<Float32Array[]> {
  for (let from = 0; from < samples.length; from += BLOCK_SAMPLES) {
    yield [samples.slice(from, from + BLOCK_SAMPLES)];
    await Promise.resolve();
  }
}
