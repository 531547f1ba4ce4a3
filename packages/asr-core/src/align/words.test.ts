import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece } from '../recognizer.js';
import { computeWords } from './words.js';

const FRAMES = { lengthSamples: 640 * 1000, samplesPerFrame: 640 };
const S = '\u2581';

describe('words from pieces', () => {
  it('begin at the mark and cover their pieces', () => {
    const words = computeWords(
      [piece(`${S}hel`, 2, 4), piece('lo', 4, 6), piece(`${S}you`, 8, 9)],
      FRAMES,
    );
    expect(words).toMatchObject([
      { text: 'hello', place: { startSamples: 2 * 640, endSamples: 6 * 640, timing: 'model' } },
      { text: 'you', place: { startSamples: 8 * 640, endSamples: 9 * 640, timing: 'model' } },
    ]);
  });

  it('take the mean probability of their pieces', () => {
    const [word] = computeWords([piece(`${S}a`, 0, 1, 0.8), piece('b', 1, 2, 0.4)], FRAMES);
    expect(word!.confidence).toBeCloseTo(0.6, 6);
  });

  it('end where their sound ends, not where late punctuation was emitted', () => {
    const [word] = computeWords([piece(`${S}yes`, 1, 3), piece('.', 40, 41)], FRAMES);
    expect(word).toMatchObject({ text: 'yes.', place: { endSamples: 3 * 640 } });
  });

  it('begin where their sound begins, not at an opening mark', () => {
    const pieces = [piece(`${S}dijo`, 1, 3), piece(`${S}¿`, 40, 41), piece('Qué', 41, 43)];
    expect(computeWords(pieces, FRAMES)[1]).toMatchObject({
      text: '¿Qué',
      place: { startSamples: 41 * 640 },
    });
  });

  it.each([
    ['a closing mark behind a space', [`${S}well`, `${S},`, `${S}yes`], ['well,', 'yes']],
    ['a lone space before a mark', [`${S}well`, S, ',', `${S}yes`], ['well,', 'yes']],
    ['an opening mark', [`${S}dijo`, `${S}¿`, 'Qué', '?'], ['dijo', '¿Qué?']],
    ['an apostrophe inside', [`${S}don`, "'", 't'], ["don't"]],
    ['a lone space before a word', [S, 'hi', S, 'you'], ['hi', 'you']],
    ['no mark at the very start', ['and', `${S}so`], ['and', 'so']],
    ['a mark at the very start', [`${S}-`, `${S}so`], ['-', 'so']],
  ])('treat %s as a reader would', (_, pieces, expected) => {
    const words = computeWords(
      pieces.map((text, i) => piece(text, i, i + 1)),
      FRAMES,
    );
    expect(words.map((word) => word.text)).toEqual(expected);
  });

  it('are in order, inside the segment, and lose no letter', () => {
    const pieces = fc.array(
      fc.record({
        text: fc.constantFrom(`${S}a`, 'b', `${S}cd`, '.', `${S},`, S, `${S}¿`, 'é', "'"),
        advance: fc.nat(5),
        length: fc.integer({ min: 0, max: 6 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 60_000 }), (made, length) => {
        let frame = 0;
        const timed = made.map(({ text, advance, length: covered }) => {
          frame += advance;
          return piece(text, frame, frame + covered);
        });
        const frames = { ...FRAMES, lengthSamples: length };
        const words = computeWords(timed, frames);
        let last = 0;
        for (const { startSamples, endSamples } of words.map(({ place }) => place)) {
          expect(startSamples).toBeGreaterThanOrEqual(last);
          expect(endSamples).toBeGreaterThanOrEqual(startSamples);
          expect(endSamples).toBeLessThanOrEqual(length);
          last = endSamples;
        }
        const letters = (texts: { text: string }[]) =>
          texts.map(({ text }) => text.replaceAll(S, '')).join('');
        expect(letters(words)).toBe(letters(made));
      }),
    );
  });
});

function piece(text: string, startFrame: number, endFrame: number, probability = 1): Piece {
  return { tokenId: 0, text, startFrame, endFrame, logProbability: Math.log(probability) };
}
