import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece } from '../recognizer.js';
import { computeWords } from './words.js';

const CLOCK = { startSamples: 16_000, endSamples: 16_000 + 640 * 1000, samplesPerFrame: 640 };
const S = '\u2581';

describe('words from pieces', () => {
  it('begin at the mark and cover their pieces, on the recording clock', () => {
    const words = computeWords(
      [piece(`${S}hel`, 2, 4), piece('lo', 4, 6), piece(`${S}you`, 8, 9)],
      CLOCK,
    );
    expect(words).toMatchObject([
      { text: 'hello', startSamples: 16_000 + 2 * 640, endSamples: 16_000 + 6 * 640 },
      { text: 'you', startSamples: 16_000 + 8 * 640, endSamples: 16_000 + 9 * 640 },
    ]);
  });

  it('take the mean probability of their pieces', () => {
    const [word] = computeWords([piece(`${S}a`, 0, 1, 0.8), piece('b', 1, 2, 0.4)], CLOCK);
    expect(word!.confidence).toBeCloseTo(0.6, 6);
  });

  it('end where their sound ends, not where late punctuation was emitted', () => {
    const [word] = computeWords([piece(`${S}yes`, 1, 3), piece('.', 40, 41)], CLOCK);
    expect(word).toMatchObject({ text: 'yes.', endSamples: 16_000 + 3 * 640 });
  });

  it('begin where their sound begins, not at an opening mark', () => {
    const pieces = [piece(`${S}dijo`, 1, 3), piece(`${S}¿`, 40, 41), piece('Qué', 41, 43)];
    expect(computeWords(pieces, CLOCK)[1]).toMatchObject({
      text: '¿Qué',
      startSamples: 16_000 + 41 * 640,
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
      CLOCK,
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
        const timed = made.map(({ text, advance, length: frames }) => {
          frame += advance;
          return piece(text, frame, frame + frames);
        });
        const clock = { ...CLOCK, endSamples: CLOCK.startSamples + length };
        const words = computeWords(timed, clock);
        let last = CLOCK.startSamples;
        for (const { startSamples, endSamples } of words) {
          expect(startSamples).toBeGreaterThanOrEqual(last);
          expect(endSamples).toBeGreaterThanOrEqual(startSamples);
          expect(endSamples).toBeLessThanOrEqual(clock.endSamples);
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
