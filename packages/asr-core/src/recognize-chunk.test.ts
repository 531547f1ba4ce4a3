import { describe, expect, it } from 'vitest';
import { type CutChunk } from './cut-chunks.js';
import { AsrError } from './errors.js';
import { recognizeChunk } from './recognize-chunk.js';
import { SECOND, answer, fakeInference, waitForAbort } from './testing/fake-inference.js';

describe('a recognised chunk', () => {
  it('has the words of its segments on the recording’s clock, and what they cost', async () => {
    const { plan, audio } = chunk();
    audio.forEach((samples) => samples.fill(0.125));
    const { segments, computeSeconds } = await recognizeChunk({ plan, audio }, fakeInference());
    expect(segments.map(({ words }) => words[0]!.startSamples / SECOND)).toEqual([100, 110, 120]);
    expect(segments.map(({ channel }) => channel)).toEqual([0, 1, 0]);
    expect(computeSeconds).toBeCloseTo(0.3, 10);
  });

  it('hears noise for digital silence, and leaves its audio as it is', async () => {
    const silent = chunk();
    const heard: Float32Array[] = [];
    const inference = fakeInference({
      recognize: (request) => {
        heard.push(request.samples);
        return Promise.resolve(answer(request));
      },
    });
    await recognizeChunk(silent, inference);
    expect(heard.every((samples) => samples.some((sample) => sample !== 0))).toBe(true);
    expect(silent.audio.flatMap((samples) => [...samples]).every((x) => x === 0)).toBe(true);
  });

  it('reports progress that never goes back and ends at its length', async () => {
    const done: number[] = [];
    await recognizeChunk(chunk(), fakeInference(), {
      onProgress: (doneSamples) => done.push(doneSamples / SECOND),
    });
    expect(done).toEqual([10, 20, 30]);
  });

  it('is refused where the audio is not the plan’s', async () => {
    const short = { ...chunk(), audio: [new Float32Array(30 * SECOND), new Float32Array(5)] };
    const mono = { ...chunk(), audio: [new Float32Array(30 * SECOND)] };
    for (const wrong of [short, mono]) {
      await expect(recognizeChunk(wrong, fakeInference())).rejects.toMatchObject({
        code: 'AUDIO_UNREADABLE',
      });
    }
  });

  it('fails with what failed, and cancels the rest', async () => {
    let calls = 0;
    const inference = fakeInference({
      recognize: async ({ signal }) => {
        if (++calls === 2) throw new AsrError('INFERENCE_CRASHED', 'broken');
        await waitForAbort(signal!);
        throw new AsrError('CANCELLED', 'stopped');
      },
    });
    await expect(recognizeChunk(chunk(), inference)).rejects.toMatchObject({
      code: 'INFERENCE_CRASHED',
    });
  });

  it('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(recognizeChunk(chunk(), fakeInference(), { signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

/** Two silent channels of 30 s, from 100 s on, with three segments. */
function chunk(): CutChunk {
  const segment = (startSeconds: number) => ({
    startSamples: startSeconds * SECOND,
    endSamples: (startSeconds + 10) * SECOND,
    audioStartSamples: startSeconds * SECOND,
    audioEndSamples: (startSeconds + 10) * SECOND,
    speechSamples: 10 * SECOND,
  });
  return {
    plan: {
      index: 1,
      startSamples: 100 * SECOND,
      endSamples: 130 * SECOND,
      segments: [
        { channel: 0, segment: segment(100) },
        { channel: 1, segment: segment(110) },
        { channel: 0, segment: segment(120) },
      ],
    },
    audio: [new Float32Array(30 * SECOND), new Float32Array(30 * SECOND)],
  };
}
