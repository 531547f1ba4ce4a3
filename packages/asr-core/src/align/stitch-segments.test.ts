import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Segment } from '../transcript.js';
import { stitchSegments } from './stitch-segments.js';

const SECOND = 16_000;

describe('stitched segments', () => {
  it('follow one another where they were cut in a pause', () => {
    const words = stitch([
      { segment: segment(0, 10), words: { one: 1, two: 9.5 } },
      { segment: segment(10.2, 20), words: { two: 10.3, three: 15 } },
    ]);
    expect(words).toEqual(['one', 'two', 'two', 'three']);
  });

  it.each([
    [
      'both sides hear the word at the cut',
      { a: 1, b: 9.6, c: 10.4 },
      { b: 9.62, c: 10.38, d: 12 },
    ],
    ['they hear it at different times', { a: 1, b: 9.9 }, { b: 10.2, c: 10.6, d: 12 }],
    ['the left side lost the word behind the cut', { a: 1, b: 9.6 }, { b: 9.6, c: 10.4, d: 12 }],
    [
      'the right side mishears its beginning',
      { a: 1, b: 9.6, c: 10.2 },
      { xb: 9.7, c: 10.2, d: 12 },
    ],
    ['they agree on nothing', { a: 1, b: 9.7 }, { q: 9.3, c: 10.3, d: 12 }],
    ['the cut falls into a silence', { a: 1, b: 8 }, { c: 11, d: 12 }],
  ])('repeat and lose nothing at a seam where %s', (_, left, right) => {
    const words = stitch([
      { segment: segment(0, 10, { overlapAfter: 1 }), words: left },
      { segment: segment(10, 20, { overlapBefore: 1 }), words: right },
    ]);
    expect(words).toEqual(['a', 'b', 'c', 'd']);
  });

  it('pair the hearings of a word said twice in a row', () => {
    const heard = [word('no', 8.2, 8.4), word('no', 8.5, 8.7)];
    const words = stitchSegments([
      { segment: segment(0, 8, { overlapAfter: 1 }), words: heard },
      { segment: segment(8, 20, { overlapBefore: 1 }), words: heard },
    ]);
    expect(words.map(({ text }) => text)).toEqual(['no', 'no']);
  });

  it('repeat and lose nothing, whatever is said around the seam', () => {
    const said = fc.array(
      fc.record({
        text: fc.constantFrom('no', 'yes', 'two'),
        pauseSamples: fc.integer({ min: 800, max: 8_000 }),
        lengthSamples: fc.integer({ min: 3_200, max: 9_600 }),
        lateSamples: fc.integer({ min: -700, max: 700 }),
      }),
      { minLength: 8, maxLength: 30 },
    );
    const cut = 3 * SECOND;
    fc.assert(
      fc.property(said, (spoken) => {
        let position = 0;
        const words = spoken.map(({ text, pauseSamples, lengthSamples, lateSamples }) => {
          const startSamples = position + pauseSamples;
          position = startSamples + lengthSamples;
          return {
            text,
            startSamples,
            endSamples: position,
            confidence: 1,
            timing: 'model' as const,
            lateSamples,
          };
        });
        // Each side hears every word that lies wholly in its audio, the right one a little off in time.
        const left = words.filter(({ endSamples }) => endSamples <= cut + SECOND);
        const right = words
          .filter(({ startSamples }) => startSamples >= cut - SECOND)
          .map((one) => ({
            ...one,
            startSamples: one.startSamples + one.lateSamples,
            endSamples: one.endSamples + one.lateSamples,
          }));
        const stitched = stitchSegments([
          { segment: segment(0, 3, { overlapAfter: 1 }), words: left },
          { segment: segment(3, 40, { overlapBefore: 1 }), words: right },
        ]);
        expect(stitched.map(({ text }) => text)).toEqual(words.map(({ text }) => text));
      }),
    );
  });

  it('keep a word that is truly said twice', () => {
    const words = stitch([
      { segment: segment(0, 10, { overlapAfter: 1 }), words: { a: 1, no: 9.2 } },
      { segment: segment(10, 20, { overlapBefore: 1 }), words: { no: 10.4, d: 12 } },
    ]);
    expect(words).toEqual(['a', 'no', 'no', 'd']);
  });

  it('never let times go back', () => {
    const words = stitchSegments([
      { segment: segment(0, 10), words: [word('a', 9.9, 10.6)] },
      { segment: segment(10, 20), words: [word('b', 10.1, 10.3)] },
    ]);
    expect(words[0]!.endSamples).toBeLessThanOrEqual(words[1]!.startSamples);
  });
});

function stitch(heard: { segment: Segment; words: Record<string, number> }[]): string[] {
  return stitchSegments(
    heard.map(({ segment: at, words }) => ({
      segment: at,
      words: Object.entries(words).map(([text, start]) => word(text, start, start + 0.3)),
    })),
  ).map(({ text }) => text);
}

function word(text: string, startSeconds: number, endSeconds: number) {
  return {
    text,
    startSamples: Math.round(startSeconds * SECOND),
    endSamples: Math.round(endSeconds * SECOND),
    confidence: 1,
    timing: 'model' as const,
  };
}

function segment(
  startSeconds: number,
  endSeconds: number,
  { overlapBefore = 0, overlapAfter = 0 } = {},
): Segment {
  return {
    startSamples: startSeconds * SECOND,
    endSamples: endSeconds * SECOND,
    audioStartSamples: (startSeconds - overlapBefore) * SECOND,
    audioEndSamples: (endSeconds + overlapAfter) * SECOND,
    speechSamples: (endSeconds - startSeconds) * SECOND,
  };
}
