import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ModelDescription, loadRecognizer } from '@stenofleet/asr-core';
import { describe, expect, it } from 'vitest';
import { demoModel } from '../fixtures/demo-model.js';
import { readExample } from '../fixtures/example-audio.js';

const folder = fileURLToPath(
  new URL('../../../shared/data/models/nemo-tdt-small-en/', import.meta.url),
);
const hasShared = existsSync(folder);

const realModel = (encoder: string): ModelDescription => ({
  ...demoModel,
  id: 'nemo-tdt-small-en',
  files: {
    encoder: `${folder}${encoder}`,
    decoderJoint: `${folder}decoder_joint-model.onnx`,
    vocabulary: `${folder}vocab.txt`,
    config: `${folder}config.json`,
  },
  frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
  subsamplingFactor: 4,
});

const models: [string, ModelDescription, boolean][] = [
  ['the demo model, whose joint is quantised dynamically', demoModel, true],
  ['the real model in fp32 (needs ../shared)', realModel('encoder-model.onnx'), hasShared],
  ['the real model in int8 (needs ../shared)', realModel('encoder-model.int8.onnx'), hasShared],
];

describe.each(models)('%s', (_, model, isThere) => {
  it.skipIf(!isThere)('finds the same words at the same times in company as alone', async () => {
    const podcast = await readExample('podcast.mp3');
    const lengths = [16_000, 61_234, 100_000, 5_000, 250_000, 100, 80_000, 3_200, 32_000];
    const cut = () =>
      lengths.map((length, i) => ({ samples: podcast.slice(i * 40_000, i * 40_000 + length) }));
    const recognizer = await loadRecognizer(model);
    const together = await recognizer.recognize(cut());
    for (const [i, segment] of cut().entries()) {
      const [alone] = await recognizer.recognize([segment]);
      const words = (result = alone) => result?.words.map(({ text, place }) => [text, place]);
      expect(words(together[i])).toEqual(words());
    }
    expect(together.flatMap(({ words }) => words).length).toBeGreaterThan(50);
    await recognizer.close();
  });
});
