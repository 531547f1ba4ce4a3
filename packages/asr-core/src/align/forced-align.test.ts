import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVocabulary } from '../tokens/vocabulary.js';
import { forceAlign } from './forced-align.js';
import { buildLattice, indexSpellings } from './lattice.js';
import { placeByFrames } from './place-by-frames.js';
import { spellWord } from './spell-word.js';

const PIECES = ['<unk>', '\u2581', '\u2581a', '\u2581ab', 'a', 'b', 'l', 'C', '<blk>'];
const vocabulary = parseVocabulary(PIECES.map((piece, id) => `${piece} ${id}`).join('\n'));
const spellings = indexSpellings(vocabulary);
const BLANK = '<blk>';

describe('forced alignment', () => {
  it('gives each word the frames of its pieces', () => {
    const heard = ['<blk>', '_ab', '<blk>', '<blk>', '_a', 'l', 'l', '<blk>'];
    expect(align(heard, 'ab al')).toEqual([frames(1, 2), frames(4, 7)]);
  });

  it('takes the pieces that the model emits, whichever way it cuts the word', () => {
    expect(align([BLANK, '_ab', BLANK, BLANK], 'ab')).toEqual([frames(1, 2)]);
    expect(align([BLANK, '_a', BLANK, 'b'], 'ab')).toEqual([frames(1, 4)]);
    expect(align(['_', 'a', 'b', BLANK], 'ab')).toEqual([frames(0, 3)]);
    expect(align([BLANK, 'a', 'b', BLANK], 'ab')).toEqual([frames(1, 3)]);
  });

  it('knows pieces in either case', () => {
    expect(align([BLANK, '_', 'C', 'a'], 'Ca')).toEqual([frames(1, 4)]);
  });

  it('needs a blank between equal neighbours, and a frame for it', () => {
    expect(align(['_a', 'l', BLANK, 'l'], 'all')).toEqual([frames(0, 4)]);
    expect(align(['_a', 'l', 'l'], 'all')).toBeUndefined();
    expect(align(['_a', BLANK, '_a'], 'a a')).toEqual([frames(0, 1), frames(2, 3)]);
  });

  it('finds no way where there are fewer frames than pieces', () => {
    expect(align(['_a'], 'al')).toBeUndefined();
    expect(align([], 'a')).toBeUndefined();
  });

  it('lets what it cannot spell take the sound between its neighbours, and leaves them where they are', () => {
    const heard = [BLANK, '_ab', BLANK, 'l', BLANK, 'C', 'l', BLANK, '_', 'b'];
    expect(align(heard, 'ab ♪ b')).toEqual([frames(1, 2), undefined, frames(8, 10)]);
    expect(align(heard, 'ab xyz b')).toEqual([frames(1, 2), undefined, frames(8, 10)]);
  });

  it('places what it can spell of a word', () => {
    expect(align(['_a', BLANK, 'C', 'l', BLANK, 'b', 'b'], 'a €b')).toEqual([
      frames(0, 1),
      frames(5, 7),
    ]);
  });

  it('says of punctuation alone that it has no place', () => {
    expect(align([BLANK, '_a', BLANK], '— a')).toEqual([undefined, frames(1, 2)]);
  });

  it('keeps to the way it follows where memory is short', () => {
    const heard = Array.from({ length: 40 }, () => ['_ab', BLANK, 'l', BLANK, BLANK]).flat();
    const text = Array.from({ length: 40 }, () => 'abl').join(' ');
    const whole = align(heard, text);
    expect(align(heard, text, { maxSteps: heard.length * 40 })).toEqual(whole);
    expect(whole?.[39]).toEqual(frames(195, 198));
  });

  it('keeps words in order, apart and inside the audio, whatever is heard', () => {
    const heard = fc.array(
      fc.array(fc.float({ min: -20, max: 0, noNaN: true }), {
        minLength: PIECES.length,
        maxLength: PIECES.length,
      }),
      { maxLength: 40 },
    );
    const texts = fc.array(fc.constantFrom('a', 'ab', 'all', 'abba', '12', '♪', '—', 'xyz', 'b€'), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(heard, texts, fc.nat(639), (rows, words, rest) => {
        const found = forceAlign(
          {
            data: Float32Array.from(rows.flat()),
            numFrames: rows.length,
            numClasses: PIECES.length,
          },
          latticeOf(words),
        );
        const lengthSamples = Math.max(0, rows.length * 640 - rest);
        const placed = placeByFrames(
          words.map((text) => ({ text, confidence: 0.5 })),
          found ?? new Map(),
          { samplesPerFrame: 640, lengthSamples },
        );
        expect(placed.map(({ text }) => text)).toEqual(words);
        let position = 0;
        for (const { place } of placed) {
          if (!place) continue;
          expect(place.startSamples).toBeGreaterThanOrEqual(position);
          expect(place.endSamples).toBeGreaterThanOrEqual(place.startSamples);
          position = place.endSamples;
        }
        expect(position).toBeLessThanOrEqual(lengthSamples);
      }),
    );
  });
});

/** Frames of each word where the model is sure of these pieces (`_` for the mark), one on each frame. */
function align(heard: readonly string[], text: string, options = {}) {
  const data = heard.flatMap((piece) =>
    PIECES.map((other) => (other === piece.replace('_', '\u2581') ? -0.01 : -8)),
  );
  const words = text.split(' ');
  const found = forceAlign(
    { data: Float32Array.from(data), numFrames: heard.length, numClasses: PIECES.length },
    latticeOf(words),
    options,
  );
  return found && words.map((_, index) => found.get(index));
}

function latticeOf(words: readonly string[]) {
  return buildLattice(
    words.map((word) => spellWord(word, 'en')),
    { spellings, blankId: vocabulary.blankId },
  );
}

function frames(startFrame: number, endFrame: number) {
  return { startFrame, endFrame };
}
