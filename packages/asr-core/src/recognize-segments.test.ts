import { describe, expect, it } from 'vitest';
import { AsrError, cancelled } from './errors.js';
import { createAudioBudget } from './inference/audio-budget.js';
import { type Inference, type RecognizeRequest } from './inference/inference.js';
import { recognizeSegments, type SegmentSource } from './recognize-segments.js';
import { type SegmentResult } from './recognizer.js';
import { SECOND, answer, fakeInference, waitForAbort } from './testing/fake-inference.js';

const LENGTH = 8 * SECOND;
const loop = makeResult(Array<string>(20).fill('the'));
const silence = makeResult([]);

function makeResult(texts: readonly string[]): SegmentResult {
  return {
    words: texts.map((text) => ({ text, confidence: 0.9 })),
    remarks: [],
    computeMs: 100,
  };
}

/** So many segments of speech, each of eight seconds. */
function sources(count = 1): SegmentSource[] {
  return Array.from({ length: count }, (_, index) => {
    const [startSamples, endSamples] = [index * LENGTH, (index + 1) * LENGTH];
    const bounds = { startSamples, endSamples, audioStartSamples: startSamples };
    return {
      channel: 0,
      segment: { ...bounds, audioEndSamples: endSamples, speechSamples: LENGTH },
      // The level tells segments apart.
      cutSamples: () => new Float32Array(LENGTH).fill(0.1 + index / 100),
    };
  });
}
const isWhole = ({ samples }: RecognizeRequest) => samples.length === LENGTH;
const indexOf = ({ samples }: RecognizeRequest) => Math.round((samples[0]! - 0.1) * 100);

function listen(recognize: (request: RecognizeRequest) => SegmentResult, count = 1) {
  const heard: number[] = [];
  const inference = fakeInference({
    recognize: (request) => {
      heard.push(indexOf(request));
      return Promise.resolve(recognize(request));
    },
  });
  const result = recognizeSegments(() => sources(count), inference, {});
  return { heard, result };
}

describe('segments', () => {
  it('are heard once where no guard is against it', async () => {
    const { heard, result } = listen(answer, 3);
    expect((await result).segments.map(({ guardEvents }) => guardEvents)).toEqual([[], [], []]);
    expect(heard).toEqual([0, 1, 2]);
  });

  it('that another host has planned longer than this one takes them are cut in two', async () => {
    const lengths: number[] = [];
    const { capabilities } = fakeInference();
    const inference = fakeInference({
      capabilities: { ...capabilities, maxSegmentSeconds: 6 },
      recognize: (request) => {
        lengths.push(request.samples.length);
        return Promise.resolve(answer(request));
      },
    });
    const { segments } = await recognizeSegments(() => sources(), inference, {});
    expect(lengths).toHaveLength(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(6 * SECOND);
    expect(segments[0]!.guardEvents).toEqual([]);
  });

  it('keep the text that is least in doubt, the first of equals', async () => {
    const capped: SegmentResult = { ...loop, remarks: [{ kind: 'cap-hit', tokens: 1_000 }] };
    const better = listen((request) => (isWhole(request) ? capped : loop));
    const [healed] = (await better.result).segments;
    expect(healed!.guardEvents.map(({ guard, outcome }) => [guard, outcome])).toEqual([
      ['repetition', 'kept'],
      ['overrun', 'other-cut'],
    ]);
    const equal = listen((request) =>
      isWhole(request) ? loop : makeResult(Array<string>(20).fill('of')),
    );
    const [kept] = (await equal.result).segments;
    expect(kept!.words[0]!.text).toBe('the');
    // Of all tries together: the lanes have worked for them.
    expect((await equal.result).computeSeconds).toBeCloseTo(0.3, 10);
  });

  it('do not lose doubtful words to a try that hears none', async () => {
    const capped: SegmentResult = { ...loop, remarks: [{ kind: 'cap-hit', tokens: 1_000 }] };
    const { result } = listen((request) => (isWhole(request) ? capped : silence));
    const [segment] = (await result).segments;
    expect(segment!.words).toHaveLength(20);
    expect(segment!.guardEvents.every(({ outcome }) => outcome === 'kept')).toBe(true);
  });

  it('stay inside their audio when they were heard with other margins', async () => {
    const [source] = sources();
    const short = 2 * SECOND;
    const segment = { ...source!.segment, endSamples: short, audioEndSamples: short };
    const inference = fakeInference({
      recognize: ({ samples }) =>
        Promise.resolve(samples.length === short ? loop : makeResult(['one', 'two'])),
    });
    const { segments } = await recognizeSegments(
      () => [{ channel: 0, segment, cutSamples: () => new Float32Array(short).fill(0.1) }],
      inference,
      {},
    );
    const { words } = segments[0]!;
    expect(words.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(words[0]!.startSamples).toBe(0);
    expect(words[1]!.endSamples).toBe(short);
  });
});

describe('speech in which nothing is understood', () => {
  it('is heard again only until three retries in a row were in vain', async () => {
    const { heard, result } = listen(() => silence, 12);
    const { segments } = await result;
    expect(heard).toHaveLength(12 + 3 * 2);
    expect(segments.map(({ guardEvents }) => guardEvents[0]!.outcome)).toEqual(
      Array(12).fill('kept'),
    );
  });

  it('is heard again anew once something was understood', async () => {
    let wholes = 0;
    const { heard, result } = listen((request) => {
      if (!isWhole(request)) return silence;
      wholes += 1;
      return wholes === 5 ? makeResult(['yes']) : silence;
    }, 6);
    await result;
    expect(heard).toHaveLength(6 + 3 * 2 + 2);
  });

  it('is heard again and again where that helps', async () => {
    const { heard, result } = listen(
      (request) => (isWhole(request) ? silence : makeResult(['yes'])),
      6,
    );
    const { segments } = await result;
    expect(heard).toHaveLength(6 * 3);
    expect(segments.every(({ guardEvents }) => guardEvents[0]!.outcome === 'other-cut')).toBe(true);
  });

  it('is judged in the order of the recording, however fast the lanes are', async () => {
    const order = async (finishFirst: 'first' | 'last') => {
      const waiting: (() => void)[] = [];
      const heardAgain: number[] = [];
      const inference = fakeInference({
        budget: createAudioBudget(Infinity),
        recognize: async (request) => {
          const index = indexOf(request);
          if (!isWhole(request)) heardAgain.push(index);
          else {
            await new Promise<void>((resolve) => {
              waiting.push(resolve);
              if (waiting.length < 8) return;
              const all = finishFirst === 'first' ? waiting : waiting.toReversed();
              all.forEach((finish) => finish());
            });
          }
          return silence;
        },
      });
      await recognizeSegments(() => sources(8), inference, {});
      return heardAgain;
    };
    expect(await order('first')).toEqual([0, 0, 1, 1, 2, 2]);
    expect(await order('last')).toEqual(await order('first'));
  });
});

describe('a better tier', () => {
  const poor = fakeInference({ recognize: () => Promise.resolve(loop) });
  const useTier = (tier: Inference) => ({
    useBetterTier: <Value>(work: (inference: Inference) => Promise<Value>) => work(tier),
  });

  it('that takes shorter segments only gets the halves', async () => {
    const lengths: number[] = [];
    const { capabilities } = fakeInference();
    const tier = fakeInference({
      capabilities: { ...capabilities, maxSegmentSeconds: 6 },
      recognize: (request) => {
        lengths.push(request.samples.length);
        return Promise.resolve(answer(request));
      },
    });
    const { segments } = await recognizeSegments(() => sources(), poor, useTier(tier));
    expect(lengths).toHaveLength(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(6 * SECOND);
    expect(segments[0]!.guardEvents[0]!.outcome).toBe('better-tier');
  });

  it('that cannot be had leaves the text flagged', async () => {
    const options = { useBetterTier: () => Promise.resolve(undefined) };
    const { segments } = await recognizeSegments(() => sources(), poor, options);
    expect(segments[0]!.guardEvents[0]!.outcome).toBe('kept');
    expect(segments[0]!.words).toHaveLength(20);
  });

  it('keeps its own memory, and gives it back', async () => {
    const log: string[] = [];
    const tier = fakeInference({
      budget: {
        reserve: (samples) => Promise.resolve(void log.push(`+${samples}`)),
        release: (samples) => void log.push(`-${samples}`),
      },
      recognize: () => Promise.reject(new AsrError('INFERENCE_FAILED', 'broken')),
    });
    await expect(recognizeSegments(() => sources(), poor, useTier(tier))).rejects.toMatchObject({
      message: 'broken',
    });
    expect(log).toEqual([`+${LENGTH}`, `-${LENGTH}`]);
  });
});

describe('a retry', () => {
  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const inference = fakeInference({
      recognize: async (request) => {
        if (isWhole(request)) return loop;
        setImmediate(() => controller.abort());
        await waitForAbort(request.signal!);
        throw cancelled();
      },
    });
    const { signal } = controller;
    await expect(recognizeSegments(() => sources(), inference, { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
