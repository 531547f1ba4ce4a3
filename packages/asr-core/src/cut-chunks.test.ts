import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CutChunk, type CutChunksOptions, cutChunks } from './cut-chunks.js';
import { type Inference } from './inference/inference.js';
import { type PreparedSpeech, joinChunks } from './join-chunks.js';
import { recognizeChunk } from './recognize-chunk.js';
import {
  SECOND,
  answer,
  blocks,
  brokenListener,
  fakeInference,
  sound,
} from './testing/fake-inference.js';
import { transcribeAudio } from './transcribe-audio.js';

/** Speech of 8 s and a pause of 2 s: one segment each. */
const TURN = [8, 2] as const;
const minuteOfTurns = () => sound(TURN, TURN, TURN, TURN, TURN, TURN);

describe('a recording in chunks', () => {
  it('is cut while it is being decoded', async () => {
    const source = blocks(minuteOfTurns());
    let heard = 0;
    const chunks = cutChunks(source, fakeInference(), {
      chunkSeconds: 20,
      onProgress: (heardSamples) => (heard = heardSamples),
    });
    const { value } = await chunks.next();
    expect((value as CutChunk).plan.segments).toHaveLength(2);
    expect(heard).toBeLessThan(45 * SECOND);
    await chunks.return({ durationSamples: 0, speech: [], levels: [], computeSeconds: 0 });
    expect(await source.next()).toMatchObject({ done: true });
  });

  it('gives each chunk its audio as it came, without filling digital silence', async () => {
    const [left, right] = [minuteOfTurns(), new Float32Array(60 * SECOND)];
    const { chunks, prepared } = await cutAll([left, right], { chunkSeconds: 20 });
    expect(chunks).toHaveLength(3);
    for (const { plan, audio } of chunks) {
      const { startSamples, endSamples } = plan;
      for (const [channel, all] of [left, right].entries()) {
        const expected = Buffer.from(all.slice(startSamples, endSamples).buffer);
        expect(expected.equals(Buffer.from(audio[channel]!.buffer))).toBe(true);
      }
    }
    expect(prepared.durationSamples).toBe(60 * SECOND);
    expect(prepared.speech.map(({ length }) => length)).toEqual([6, 0]);
  });

  it('has no chunk where nobody speaks', async () => {
    expect(await cutAll([new Float32Array(40 * SECOND)], {})).toEqual({
      chunks: [],
      // A millisecond for each of 125 blocks.
      prepared: {
        durationSamples: 40 * SECOND,
        speech: [[]],
        levels: [expect.objectContaining({ samples: 40 * SECOND, silentSamples: 40 * SECOND })],
        computeSeconds: 0.125,
      },
    });
    expect(await cutAll([], {})).toEqual({
      chunks: [],
      prepared: { durationSamples: 0, speech: [], levels: [], computeSeconds: 0 },
    });
  });

  it('has chunks of a minute where many channels would make them too large', async () => {
    const channels = Array.from({ length: 12 }, (_, index) =>
      index === 0 ? sound(...Array.from({ length: 13 }, () => TURN)) : new Float32Array(),
    );
    const silence = () => new Float32Array(channels[0]!.length);
    const { chunks } = await cutAll([channels[0]!, ...channels.slice(1).map(silence)], {});
    expect(chunks.map(({ plan }) => plan.segments.length)).toEqual([6, 6, 1]);
  });

  it('begins and ends with chunks of a minute where its length is known', async () => {
    const recording = sound(...Array.from({ length: 25 }, () => TURN));
    const cut = async (options: CutChunksOptions) => {
      const { chunks } = await cutAll([recording], { ...options, chunkSeconds: 100 });
      return chunks.map(({ plan }) => plan.segments.length);
    };
    expect(await cut({})).toEqual([10, 10, 5]);
    expect(await cut({ durationSeconds: 250 })).toEqual([6, 6, 6, 6, 1]);
    expect(await cut({ durationSeconds: 3_600 })).toEqual([6, 6, 10, 3]);
  });

  it('are planned as another host has begun them, where its limit is told', async () => {
    const cutLengths = async (maxSegmentSeconds?: number) => {
      const segments = maxSegmentSeconds === undefined ? undefined : { maxSegmentSeconds };
      const { chunks } = await cutAll([sound([30, 1])], { segments });
      return chunks.flatMap(({ plan }) =>
        plan.segments.map(
          ({ segment }) => (segment.audioEndSamples - segment.audioStartSamples) / SECOND,
        ),
      );
    };
    // The model of these tests takes ten seconds.
    expect(Math.max(...(await cutLengths()))).toBeGreaterThan(6);
    expect(Math.max(...(await cutLengths(6)))).toBeLessThanOrEqual(6);
  });

  it('fails with what failed, and stops when it is cancelled', async () => {
    const broken = fakeInference({
      listen: () => brokenListener,
    });
    await expect(cutChunks(blocks(minuteOfTurns()), broken).next()).rejects.toMatchObject({
      code: 'INFERENCE_CRASHED',
    });
    const signal = AbortSignal.abort();
    const cut = cutChunks(blocks(minuteOfTurns()), fakeInference(), { signal });
    await expect(cut.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('comes out exactly as in one piece', async () => {
    await fc.assert(
      fc.asyncProperty(recordings(), async ({ channels, chunkSeconds }) => {
        const inference = listener();
        const whole = await transcribeAudio(blocks(...channels.map(copy)), inference);
        const { chunks, prepared } = await cutAll(channels, { chunkSeconds });
        const results = [];
        for (const chunk of chunks) {
          const stored = { ...chunk, plan: throughJson(chunk.plan) };
          results.push(throughJson(await recognizeChunk(stored, inference)));
        }
        expect(joinChunks(results, throughJson(prepared))).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });
});

async function cutAll(
  channels: readonly Float32Array[],
  options: CutChunksOptions,
): Promise<{ chunks: CutChunk[]; prepared: PreparedSpeech }> {
  const cut = cutChunks(blocks(...channels.map(copy)), fakeInference(), options);
  const chunks: CutChunk[] = [];
  for (;;) {
    const { value, done } = await cut.next();
    if (done) return { chunks, prepared: value };
    chunks.push(value);
  }
}

/** Hears every sample: its words name what they were made of. */
function listener(): Inference {
  return fakeInference({
    recognize: (request) => {
      const sum = request.samples.reduce((total, sample) => total + sample, 0);
      const result = answer(request);
      const words = result.words.map((word) => ({ ...word, text: String(sum) }));
      return Promise.resolve({ ...result, words });
    },
  });
}

/** One or two channels: turns, speech without a pause, silence; no two seconds sound the same. */
function recordings() {
  const stretch = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 12 }));
  const channel = fc
    .array(stretch, { maxLength: 4 })
    .map((stretches) =>
      sound(...stretches).map((sample, position) => sample && sample + (position % 9973) / 1e5),
    );
  return fc.record({
    channels: fc.array(channel, { minLength: 1, maxLength: 2 }).map((channels) => {
      const length = Math.max(...channels.map((samples) => samples.length));
      return channels.map((samples) => {
        const padded = new Float32Array(length);
        padded.set(samples);
        return padded;
      });
    }),
    chunkSeconds: fc.integer({ min: 5, max: 60 }),
  });
}

function copy(samples: Float32Array): Float32Array {
  return samples.slice();
}

function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
