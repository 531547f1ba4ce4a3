import { describe, expect, it } from 'vitest';
import { AsrError, cancelled } from './errors.js';
import { type Inference } from './inference/inference.js';
import {
  SECOND,
  answer,
  blocks,
  brokenListener,
  fakeInference as fake,
  sound,
  waitForAbort,
} from './testing/fake-inference.js';
import { transcribeAudio } from './transcribe-audio.js';

/** Speech of 8 s and a pause of 2 s: one segment each. */
const TURN = [8, 2] as const;

describe('transcribed audio', () => {
  it('carries words, speech and length of each channel on one clock', async () => {
    const left = sound([2, 0], [0, 30], [3, 5]);
    const right = sound([0, 40]);
    const { channels, durationSamples } = await transcribeAudio(blocks(left, right), fake());
    expect(durationSamples).toBe(40 * SECOND);
    expect(channels.map(({ words }) => words.length)).toEqual([2, 0]);
    const [first, second] = channels[0]!.words;
    expect(first!.startSamples).toBe(0);
    expect(second!.startSamples).toBeGreaterThan(31 * SECOND);
    expect(second!.endSamples).toBeLessThanOrEqual(36 * SECOND);
    expect(channels[1]!.speech).toEqual([]);
  });

  it('is nothing where there is no audio', async () => {
    expect(await transcribeAudio(blocks(), fake())).toEqual({ channels: [], durationSamples: 0 });
    const { channels } = await transcribeAudio(blocks(new Float32Array(100)), fake());
    expect(channels[0]).toMatchObject({ words: [], segments: [] });
  });

  it('tells speech in which nobody understood a word', async () => {
    const inference = fake({
      recognize: () => Promise.resolve({ words: [], remarks: [], computeMs: 0 }),
    });
    const { channels } = await transcribeAudio(blocks(sound(TURN, [0, 40], [1, 4])), inference);
    expect(channels[0]!.uncovered).toMatchObject({ stretches: [{ startSamples: 0 }] });
    expect(channels[0]!.uncovered.samples / SECOND).toBeCloseTo(9, 0);
  });

  it('tells how loud each channel is, whatever the blocks', async () => {
    const [left, right] = [sound([3, 1]), sound([0, 4])];
    right[5] = NaN;
    const { channels } = await transcribeAudio(blocks(left, right), fake());
    expect(channels.map(({ levels }) => levels)).toEqual([
      {
        ...{ samples: 4 * SECOND, peak: 0.125, squareSum: (3 * SECOND) / 64 },
        ...{ clippedSamples: 0, silentSamples: SECOND - (SECOND % 512) },
      },
      {
        ...{ samples: 4 * SECOND, peak: 0, squareSum: 0 },
        ...{ clippedSamples: 0, silentSamples: 4 * SECOND },
      },
    ]);
  });

  it('is read no faster than the lanes recognize', async () => {
    let inFlight = 0;
    let most = 0;
    const inference = fake({
      recognize: async (request) => {
        most = Math.max(most, ++inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        return answer(request);
      },
    });
    const turns = Array.from({ length: 20 }, () => TURN);
    const { channels } = await transcribeAudio(blocks(sound(...turns)), inference);
    expect(channels[0]!.segments).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(12);
  });

  it('reports progress that never goes back and ends at the end', async () => {
    const done: number[] = [];
    const turns = Array.from({ length: 12 }, () => TURN);
    await transcribeAudio(blocks(sound(...turns)), fake(), {
      onProgress: ({ doneSamples }) => done.push(doneSamples),
    });
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe(120 * SECOND);
  });

  it('reaches the model as numbers, whatever the file held', async () => {
    const samples = sound([5, 1]);
    samples[SECOND] = NaN;
    let heard = new Float32Array();
    await transcribeAudio(
      blocks(samples),
      fake({
        recognize: (request) => {
          heard = request.samples.slice();
          return Promise.resolve(answer(request));
        },
      }),
    );
    expect(heard.length).toBe(6 * SECOND);
    expect(heard.every(Number.isFinite)).toBe(true);
  });

  const turns = sound(...Array.from({ length: 12 }, () => TURN));

  it('fails with what failed, cancels the rest and closes the source', async () => {
    const source = blocks(turns);
    let calls = 0;
    const outcomes: string[] = [];
    const inference = fake({
      recognize: async (request) => {
        if (++calls === 3) throw new AsrError('INFERENCE_FAILED', 'broken');
        await waitForAbort(request.signal!);
        outcomes.push('cancelled');
        throw cancelled();
      },
    });
    await expect(transcribeAudio(source, inference)).rejects.toMatchObject({ message: 'broken' });
    expect(outcomes).toEqual(['cancelled', 'cancelled']);
    expect(await source.next()).toMatchObject({ done: true });
  });

  it.each<[string, Partial<Inference>, boolean]>([
    ['speech detection', { listen: () => brokenListener }, false],
    ['the source', {}, true],
  ])('fails with the failure of %s', async (_, broken, isSourceBroken) => {
    async function* source() {
      yield* blocks(turns);
      if (isSourceBroken) throw new AsrError('AUDIO_DECODE_FAILED', 'broken');
    }
    await expect(transcribeAudio(source(), fake(broken))).rejects.toMatchObject({
      message: 'broken',
    });
  });

  it('stops when it is cancelled, though the lanes hang', async () => {
    const controller = new AbortController();
    const inference = fake({
      recognize: async ({ signal }) => {
        setImmediate(() => controller.abort());
        await waitForAbort(signal!);
        throw cancelled();
      },
    });
    const { signal } = controller;
    await expect(transcribeAudio(blocks(turns), inference, { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
