import { describe, expect, it } from 'vitest';
import { parseVocabulary } from '../../tokens/vocabulary.js';
import { computeInWindows } from './compute-in-windows.js';

const SAMPLES_PER_FRAME = 640;
const CONTEXT_FRAMES = 50;
const vocabulary = parseVocabulary('a 0\n<blk> 1');

describe('log-probabilities of audio in windows', () => {
  it.each([
    ['at once where it is short enough', 500 * SAMPLES_PER_FRAME, 1],
    ['in two', 501 * SAMPLES_PER_FRAME, 2],
    ['in many, the last shorter than the others', 3_011 * SAMPLES_PER_FRAME - 17, 8],
  ])('are those of every frame in order, %s', async (_, length, windows) => {
    const { result, heard } = await compute(length, 500);
    expect(heard).toHaveLength(windows);
    expect(Math.max(...heard)).toBeLessThanOrEqual(500 * SAMPLES_PER_FRAME);
    const { data, numFrames, numClasses } = result;
    expect(numFrames).toBe(Math.ceil(length / SAMPLES_PER_FRAME));
    expect(data).toHaveLength(numFrames * numClasses);
    expect(Array.from({ length: numFrames }, (_, frame) => data[frame * numClasses])).toEqual(
      Array.from({ length: numFrames }, (_, frame) => frame),
    );
  });

  it('come with context on both sides of each window', async () => {
    const { heard } = await compute(900 * SAMPLES_PER_FRAME, 500);
    const windowFrames = 300;
    expect(heard.map((length) => length / SAMPLES_PER_FRAME)).toEqual([
      windowFrames + CONTEXT_FRAMES,
      windowFrames + 2 * CONTEXT_FRAMES,
      windowFrames + CONTEXT_FRAMES,
    ]);
  });

  it('work with a model that hears less than the usual context', async () => {
    const { result } = await compute(1_000 * SAMPLES_PER_FRAME, 60);
    expect(result.numFrames).toBe(1_000);
  });

  it('are none of no audio', async () => {
    expect((await compute(0, 500)).result.numFrames).toBe(0);
  });

  it('stop between two windows where that is asked', async () => {
    let asked = 0;
    const isCancelled = () => ++asked > 2;
    await expect(compute(2_000 * SAMPLES_PER_FRAME, 500, isCancelled)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(asked).toBe(3);
  });
});

/** Each sample holds the number of its frame, and the encoder tells what it heard: its first class is that number. */
async function compute(length: number, maxFrames: number, isCancelled = () => false) {
  const samples = Float32Array.from({ length }, (_, i) => Math.floor(i / SAMPLES_PER_FRAME));
  const heard: number[] = [];
  const encoder = {
    vocabulary,
    samplesPerFrame: SAMPLES_PER_FRAME,
    computeLogProbabilities: (window: Float32Array) => {
      heard.push(window.length);
      const numFrames = Math.ceil(window.length / SAMPLES_PER_FRAME);
      const data = new Float32Array(numFrames * 2);
      for (let frame = 0; frame < numFrames; frame++) {
        data[2 * frame] = window[frame * SAMPLES_PER_FRAME]!;
      }
      return Promise.resolve({ data, numFrames, numClasses: 2 });
    },
  };
  const result = await computeInWindows(encoder, samples, { maxFrames, isCancelled });
  return { result, heard };
}
