// A model without times of its own and an aligner beside it, as a lane runs them.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ModelDescription, type SegmentWord, openLanePool } from '@stenofleet/asr-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { configurations, describeModel } from '../measure/models.js';
import {
  describeModel as describeCohere,
  readSamples,
  waveformReference,
} from './cohere-reference.js';

const models = fileURLToPath(new URL('../../../shared/data/models', import.meta.url));
const { isThere, golden } = waveformReference;

describe.skipIf(!isThere || !existsSync(models))(
  'a lane with a model that knows no times (needs ../shared)',
  () => {
    let aligner: ModelDescription;

    beforeAll(async () => {
      aligner = await describeModel(models, configurations.ctcInt8);
    });

    it('answers words with the places that the aligner finds', async () => {
      const [aligned, plain] = [await recognize([aligner]), await recognize([])];
      expect(textsOf(aligned)).toEqual(textsOf(plain));
      expect(timingsOf(plain)).toEqual([undefined]);
      expect(timingsOf(aligned)).toContain('aligned');
    });

    it('fails where the aligner cannot be opened', async () => {
      const files = { ...aligner.files, encoder: 'gone.onnx' };
      await expect(recognize([{ ...aligner, files }])).rejects.toMatchObject({
        code: 'MODEL_FILE_UNREADABLE',
      });
    });
  },
);

/** What a lane makes of the longest golden audio, with these aligners for its language. */
async function recognize(aligners: ModelDescription[]): Promise<SegmentWord[]> {
  const lengthOf = (name: string) =>
    golden.audio.find((audio) => audio.name === name)?.samples ?? 0;
  const { audio, language } = golden.cases.reduce((a, b) =>
    lengthOf(b.audio) > lengthOf(a.audio) ? b : a,
  );
  const model = {
    ...describeCohere(waveformReference),
    aligners: aligners.map((aligner) => ({ ...aligner, languages: [language] })),
  };
  const inference = await openLanePool({ model, laneCount: 1 });
  try {
    const samples = readSamples(waveformReference, audio);
    return (await inference.recognize({ samples, decoding: { language } })).words;
  } finally {
    await inference.close();
  }
}

function textsOf(words: readonly SegmentWord[]) {
  return words.map(({ text }) => text);
}

function timingsOf(words: readonly SegmentWord[]) {
  return [...new Set(words.map(({ place }) => place?.timing))];
}
