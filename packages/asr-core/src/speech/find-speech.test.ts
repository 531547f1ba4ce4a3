import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSpeechFinder } from './find-speech.js';

const FRAME = 512;

describe('found speech', () => {
  it('begins at the threshold and ends after a pause, padded on both sides', () => {
    const found = find([0.1, 0.1, ...Array<number>(20).fill(0.9), ...Array<number>(10).fill(0.1)]);
    expect(found).toEqual([{ startSamples: 2 * FRAME - 480, endSamples: 22 * FRAME + 480 }]);
  });

  it('goes on through values between the two thresholds', () => {
    const found = find([...Array<number>(10).fill(0.9), ...Array<number>(10).fill(0.4), 0.9]);
    expect(found).toEqual([{ startSamples: 0, endSamples: 21 * FRAME }]);
  });

  it('goes on through pauses that are too short to count', () => {
    const probabilities = [...Array<number>(10).fill(0.9), 0, 0, 0, ...Array<number>(10).fill(0.9)];
    expect(find(probabilities)).toHaveLength(1);
  });

  it('is not what lasts less than the minimum', () => {
    expect(find([0, 0, 0.9, 0.9, 0.9, 0, 0, 0, 0, 0, 0])).toEqual([]);
  });

  const probabilities = fc.array(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 30 })),
    { maxLength: 30 },
  );

  it('is in order, disjoint and independent of how the frames arrive', () => {
    fc.assert(
      fc.property(probabilities, fc.integer({ min: 1, max: 50 }), (runs, step) => {
        const frames = runs.flatMap(([value, times]) => Array<number>(times).fill(value));
        const found = find(frames);
        expect(find(frames, step)).toEqual(found);
        let previousEnd = 0;
        for (const { startSamples, endSamples } of found) {
          expect(startSamples).toBeGreaterThanOrEqual(previousEnd);
          expect(endSamples).toBeGreaterThan(startSamples);
          expect(endSamples).toBeLessThanOrEqual(frames.length * FRAME);
          previousEnd = endSamples;
        }
      }),
    );
  });

  it('never changes what it called settled', () => {
    fc.assert(
      fc.property(probabilities, fc.nat(400), (runs, cut) => {
        const frames = runs.flatMap(([value, times]) => Array<number>(times).fill(value));
        const finder = createSpeechFinder();
        const early = finder.push(Float32Array.from(frames.slice(0, cut)));
        const settled = finder.settledUntilSamples;
        const open = finder.open;
        const later = [
          ...finder.push(Float32Array.from(frames.slice(cut))),
          ...finder.finish(frames.length * FRAME),
        ];
        // What comes later begins behind the settled part, or is the region that was open.
        for (const region of later) {
          const isOpenOne = open && region.startSamples === open.startSamples;
          expect(isOpenOne === true || region.startSamples >= settled).toBe(true);
          if (isOpenOne) expect(region.endSamples).toBeGreaterThanOrEqual(open.endSamples);
        }
        expect(early.every((region) => region.endSamples <= frames.length * FRAME)).toBe(true);
      }),
    );
  });
});

function find(frames: readonly number[], step = frames.length || 1) {
  const finder = createSpeechFinder();
  const found = [];
  for (let from = 0; from < frames.length; from += step) {
    found.push(...finder.push(Float32Array.from(frames.slice(from, from + step))));
  }
  return [...found, ...finder.finish(frames.length * FRAME)];
}
