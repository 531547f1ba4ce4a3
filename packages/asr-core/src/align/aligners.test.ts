import { describe, expect, it } from 'vitest';
import { AsrError } from '../errors.js';
import { type Aligner } from '../models/nemo-ctc/aligner.js';
import { type ModelDescription, type SegmentWord } from '../recognizer.js';
import { createAligners } from './aligners.js';

const segments = [{ samples: new Float32Array(16_000) }];

describe('the aligners of a model', () => {
  it('place words that have none, with the aligner of the language, opened once', async () => {
    const { aligners, opened } = create();
    for (let i = 0; i < 2; i++) {
      expect(await place(aligners, { language: 'de' })).toMatchObject([
        { place: { timing: 'aligned' } },
      ]);
    }
    expect(opened).toEqual(['de']);
    expect(aligners.timings.runMs).toBe(7);
  });

  it('take the only language of a model that is not told one', async () => {
    const { aligners, opened } = create(['en']);
    await place(aligners, {});
    expect(opened).toEqual(['en']);
  });

  it.each([
    ['of a language that none of them knows', { language: 'fr' }],
    ['of a language that nobody names', {}],
  ])('leave words %s to be estimated', async (_, options) => {
    const { aligners, opened } = create();
    expect(await place(aligners, options)).toEqual([{ text: 'a', confidence: 1 }]);
    expect(opened).toEqual([]);
  });

  it('stay closed where the model itself places words, and where it finds none', async () => {
    const { aligners, opened } = create();
    const placed: SegmentWord = {
      text: 'a',
      confidence: 1,
      place: { startSamples: 0, endSamples: 9, timing: 'model' },
    };
    const unplaced = { text: 'b', confidence: 1 };
    expect(await place(aligners, { language: 'en' }, [placed, unplaced])).toEqual([
      placed,
      unplaced,
    ]);
    expect(await place(aligners, { language: 'en' }, [])).toEqual([]);
    expect(opened).toEqual([]);
  });

  it('fail the segment where one cannot be opened', async () => {
    const { aligners } = create(['en', 'xx']);
    await expect(place(aligners, { language: 'xx' })).rejects.toMatchObject({
      code: 'MODEL_FILE_UNREADABLE',
    });
  });
});

function create(languages = ['en', 'de', 'fr', 'xx']) {
  const opened: string[] = [];
  const open = (model: ModelDescription): Promise<Aligner> => {
    if (model.id === 'xx') {
      return Promise.reject(new AsrError('MODEL_FILE_UNREADABLE', 'There is no such file.'));
    }
    opened.push(model.id);
    return Promise.resolve({
      runMs: 7,
      align: ({ words, samples }) =>
        Promise.resolve(
          words.map((word) => ({
            ...word,
            place: { startSamples: 0, endSamples: samples.length, timing: 'aligned' as const },
          })),
        ),
      close: () => Promise.resolve(),
    });
  };
  const models = ['en', 'de', 'xx'].map((language) => describeAligner(language));
  return { aligners: createAligners({ languages, aligners: models }, open), opened };
}

async function place(
  aligners: ReturnType<typeof createAligners>,
  options: { language?: string },
  words: SegmentWord[] = [{ text: 'a', confidence: 1 }],
) {
  const results = [{ words, remarks: [] }];
  const [placed] = await aligners.align({ results, segments }, options);
  return placed?.words;
}

function describeAligner(language: string): ModelDescription {
  return {
    id: language,
    tier: 'int8',
    family: 'nemo-ctc',
    files: { encoder: '' },
    frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
    subsamplingFactor: 4,
    maxSegmentSeconds: 20,
    languages: [language],
    languageRequired: false,
    punctuation: false,
  };
}
