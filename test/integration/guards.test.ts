// Faults put into a recogniser on purpose, one of each kind: each is caught, heard again, and told in the document.

import {
  type ChunkResult,
  createVadState,
  cutChunks,
  type GuardKind,
  type Inference,
  joinChunks,
  type RecognizeRequest,
  recognizeChunk,
  type SegmentResult,
  startInferenceProcess,
  type UseBetterTier,
} from '@stenofleet/asr-core';
import { describeTranscript, type TranscriptDocument } from '@stenofleet/transcript';
import { describe, expect, it } from 'vitest';
import { describeModel, waveformReference } from '../parity/cohere-reference.js';

const SECOND = 16_000;
const VAD_FRAME_SAMPLES = 512;
const SPEECH_LEVEL = 0.1;
/** Quieter than the noise that fills digital silence. */
const HISS_LEVEL = 5e-4;

type Fault = {
  guard: GuardKind;
  flag: string;
  level?: number;
  wrong: Partial<SegmentResult>;
  right?: Partial<SegmentResult>;
};

const say = (...texts: string[]) => ({ words: texts.map((text) => ({ text, confidence: 0.9 })) });
const sentence = say('it', 'was', 'said', 'once');
const faults: Record<string, Fault> = {
  'a decoder that loops': {
    guard: 'repetition',
    flag: 'TEXT_REPEATS',
    wrong: say(...Array<string>(30).fill('the')),
  },
  'a decoder that writes more than can be said': {
    guard: 'overrun',
    flag: 'TEXT_TOO_FAST',
    wrong: say(...Array.from({ length: 200 }, (_, index) => `word${index}`)),
  },
  'a decoder that does not end': {
    guard: 'overrun',
    flag: 'TEXT_TOO_FAST',
    wrong: { ...sentence, remarks: [{ kind: 'cap-hit', tokens: 1014 }] },
  },
  'a decoder that invents text on silence': {
    guard: 'non-speech',
    flag: 'TEXT_IN_SILENCE',
    level: HISS_LEVEL,
    wrong: say('thank', 'you'),
    right: say(),
  },
  'a decoder that returns nothing on speech': {
    guard: 'no-words',
    flag: 'SPEECH_WITHOUT_WORDS',
    wrong: say(),
  },
  'an editor that leaves its draft': {
    guard: 'draft-differs',
    flag: 'TEXT_FAR_FROM_DRAFT',
    wrong: { ...sentence, remarks: [{ kind: 'draft-differs', share: 0.9 }] },
  },
};

/** Eight seconds of sound with two seconds of silence on both sides: one segment. */
function makeAudio(level: number): Float32Array {
  return new Float32Array(12 * SECOND).fill(level, 2 * SECOND, 10 * SECOND);
}

/** Hears speech wherever there is sound. */
function createStub(recognize: (request: RecognizeRequest) => Partial<SegmentResult>): Inference {
  return {
    laneCount: 1,
    capabilities: {
      ...{ languages: ['en'], languageRequired: false, punctuation: false, nativeTimes: false },
      maxSegmentSeconds: 30,
    },
    budget: { reserve: () => Promise.resolve(), release: () => undefined },
    recognize: (request) =>
      Promise.resolve({ words: [], remarks: [], computeMs: 10, ...recognize(request) }),
    listen: () => ({
      hear: (block) =>
        Promise.resolve(
          block.map((samples) => ({
            probabilities: Float32Array.from(
              { length: Math.ceil(samples.length / VAD_FRAME_SAMPLES) },
              (_, frame) => Number(samples[frame * VAD_FRAME_SAMPLES] !== 0),
            ),
            ...{ state: createVadState(), computeMs: 1 },
          })),
        ),
      close: () => undefined,
    }),
    getTimings: () => Promise.resolve({ runMs: 0, totalMs: 0 }),
    close: () => Promise.resolve(),
  };
}

type Heard = { results: ChunkResult[]; document: TranscriptDocument };

/** As a worker does it: recording → chunks → results → document. */
async function transcribe(
  samples: Float32Array,
  inference: Inference,
  options: Parameters<typeof recognizeChunk>[2] = {},
): Promise<Heard> {
  async function* readBlocks() {
    yield await Promise.resolve([samples]);
  }
  const cutting = cutChunks(readBlocks(), inference);
  const results: ChunkResult[] = [];
  for (;;) {
    const next = await cutting.next();
    if (!next.done) {
      const result = await recognizeChunk(next.value, inference, options);
      // As a checkpoint keeps it.
      results.push(JSON.parse(JSON.stringify(result)) as ChunkResult);
      continue;
    }
    const transcript = joinChunks(results, next.value);
    const document = describeTranscript(
      { recording: { name: 'talk.wav' }, transcript, processingSeconds: 0 },
      {
        model: {
          manifest: {
            ...{ id: 'stub', name: 'Stub', family: 'stub', license: 'MIT', demo: false },
            ...{ attribution: '', languages: ['en'] },
          },
          tier: 'int8',
          provenance: { files: [] },
        },
        options: { channels: 'mix' },
        versions: {},
        createdAt: '2026-01-01T00:00:00.000Z',
      },
    );
    return { results, document };
  }
}

function readOutcome({ results, document }: Heard) {
  const segments = results.flatMap((result) => result.segments);
  const guardEvents = segments.flatMap((segment) => segment.guardEvents);
  const words = segments.flatMap((segment) => segment.words);
  return {
    guards: guardEvents.map(({ guard }) => guard),
    outcomes: guardEvents.map(({ outcome }) => outcome),
    texts: words.map(({ text }) => text),
    told: document.quality?.guards.map(({ guard, outcome }) => `${guard}: ${outcome}`),
    flags: document.flags.map(({ code }) => code),
  };
}

const textsOf = ({ words = [] }: Partial<SegmentResult>) => words.map(({ text }) => text);

describe.each(Object.entries(faults))(
  '%s',
  (_, { guard, flag, level, wrong, right = sentence }) => {
    const samples = () => makeAudio(level ?? SPEECH_LEVEL);
    const wholeLength = samples().length;

    it('is caught, and mended at another cut', async () => {
      const lengths: number[] = [];
      const inference = createStub((request) => {
        lengths.push(request.samples.length);
        return request.samples.length === wholeLength ? wrong : right;
      });
      const heard = await transcribe(samples(), inference);
      const { guards, outcomes, texts, told, flags } = readOutcome(heard);
      expect(lengths).toHaveLength(3);
      expect([guards, outcomes]).toEqual([[guard], ['other-cut']]);
      expect(texts.length > 0).toBe(textsOf(right).length > 0);
      expect(told).toEqual([`${guard}: other-cut`]);
      expect(flags).not.toContain(flag);
      expect(heard.results[0]?.computeSeconds).toBeCloseTo(0.03, 10);
    });

    it('is mended in the better tier where the job allows it', async () => {
      const useBetterTier: UseBetterTier = (work) => work(createStub(() => right));
      const heard = await transcribe(
        samples(),
        createStub(() => wrong),
        { useBetterTier },
      );
      const { guards, outcomes, texts, told, flags } = readOutcome(heard);
      expect([guards, outcomes]).toEqual([[guard], ['better-tier']]);
      expect(texts).toEqual(textsOf(right));
      expect(told).toEqual([`${guard}: better-tier`]);
      expect(flags).not.toContain(flag);
    });

    it('is kept and flagged, with its place, where nothing helps', async () => {
      const heard = await transcribe(
        samples(),
        createStub(() => wrong),
      );
      const { guards, outcomes, texts, told, flags } = readOutcome(heard);
      expect([guards, outcomes]).toEqual([[guard], ['kept']]);
      expect(texts).toEqual(textsOf(wrong));
      expect(told).toEqual([`${guard}: kept`]);
      expect(flags).toContain(flag);
      expect(heard.document.quality?.guards[0]).toMatchObject({ start: 0, end: 12 });
    });
  },
);

it('leaves sound text alone, heard once', async () => {
  let hearings = 0;
  const inference = createStub(() => {
    hearings += 1;
    return sentence;
  });
  const { guards, texts, flags } = readOutcome(
    await transcribe(makeAudio(SPEECH_LEVEL), inference),
  );
  expect([hearings, guards, flags]).toEqual([1, [], []]);
  expect(texts).toEqual(textsOf(sentence));
});

describe.skipIf(!waveformReference.isThere)('a real lane whose decoder never ends', () => {
  it('is caught and flagged', async () => {
    // A bias against the end token that no logit makes up for.
    const model = describeModel(waveformReference, { eosBias: -1_000 });
    const [language] = waveformReference.languages;
    const inference = await startInferenceProcess({ model, laneCount: 1 });
    try {
      const stub = createStub(() => sentence);
      const heard = await transcribe(
        makeAudio(SPEECH_LEVEL),
        { ...stub, recognize: (request) => inference.recognize(request) },
        { decoding: { language } },
      );
      const { told, flags } = readOutcome(heard);
      expect(told).toContain('overrun: kept');
      expect(flags).toContain('TEXT_TOO_FAST');
    } finally {
      await inference.close();
    }
  });
});
