import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Word } from '../transcript.js';
import { findUncovered } from './find-uncovered.js';

const SECOND = 16_000;
const region = (start: number, end: number) => ({
  startSamples: start * SECOND,
  endSamples: end * SECOND,
});
const word = (start: number, end: number): Word => ({
  ...region(start, end),
  ...{ text: 'word', confidence: 1, timing: 'model' },
});
/** A word every half second. */
const talk = (start: number, end: number) =>
  Array.from({ length: (end - start) * 2 }, (_, i) => word(start + i / 2, start + i / 2 + 0.4));

function find(speech: ReturnType<typeof region>[], words: Word[]) {
  const { samples, stretches } = findUncovered(speech, words);
  return {
    seconds: samples / SECOND,
    stretches: stretches.map((s) => [s.startSamples / SECOND, s.endSamples / SECOND]),
  };
}

describe('speech without words', () => {
  it('is none where words follow one another, though there are pauses', () => {
    expect(find([region(0, 4), region(9, 12)], [...talk(0, 4), ...talk(9, 12)])).toEqual({
      seconds: 0,
      stretches: [],
    });
  });

  it('is all of it where there is no word', () => {
    expect(find([region(1, 4)], [])).toEqual({ seconds: 3, stretches: [[1, 4]] });
    expect(find([], [])).toEqual({ seconds: 0, stretches: [] });
  });

  it('is found between words of one stretch of speech', () => {
    const { stretches } = find([region(0, 30)], [...talk(0, 10), ...talk(20, 30)]);
    expect(stretches).toEqual([[expect.closeTo(10.15, 2), 19.75]]);
  });

  it('is one stretch over the short pauses in it, and several over long ones', () => {
    const speech = [region(0, 3), region(3.5, 6), region(9, 12), region(20, 21)];
    expect(find(speech, [])).toEqual({
      seconds: 9.5,
      stretches: [
        [0, 6],
        [9, 12],
      ],
    });
  });

  it('is counted, but not named, where it is shorter than two seconds', () => {
    expect(find([region(0, 1.5), region(4, 5)], [])).toEqual({ seconds: 2.5, stretches: [] });
  });

  it('is not what a word is off by', () => {
    expect(find([region(1, 2)], [word(1.2, 1.8)]).seconds).toBe(0);
  });

  it('is what it is with any words: never more than the speech, nowhere in a word', () => {
    const places = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })))
      .map((steps) => {
        let at = 0;
        return steps.map(([pause, length]) => {
          const start = at + pause;
          at = start + length;
          return [start, at] as const;
        });
      });
    fc.assert(
      fc.property(places, places, (spoken, written) => {
        const speech = spoken.map(([start, end]) => region(start, end));
        const words = written.map(([start, end]) => word(start, end));
        const isIn = (
          regions: readonly { startSamples: number; endSamples: number }[],
          at: number,
        ) => regions.some(({ startSamples, endSamples }) => at >= startSamples && at < endSamples);
        const wide = words.map(({ startSamples, endSamples }) => ({
          startSamples: startSamples - SECOND / 4,
          endSamples: endSamples + SECOND / 4,
        }));
        // All positions are multiples of a quarter of a second.
        const last = (speech.at(-1)?.endSamples ?? 0) + SECOND;
        let expected = 0;
        for (let at = 0; at < last; at += SECOND / 4) {
          if (isIn(speech, at) && !isIn(wide, at)) expected += SECOND / 4;
        }
        const { samples, stretches } = findUncovered(speech, words);
        expect(samples).toBe(expected);
        expect(stretches.every(({ startSamples }) => isIn(speech, startSamples))).toBe(true);
        expect(stretches.some(({ startSamples }) => isIn(wide, startSamples))).toBe(false);
      }),
    );
  });
});
