import { describe, expect, it } from 'vitest';
import { defaultCueRules } from './cue.js';
import { type CueWord, cutPieces } from './cue-pieces.js';

const word = (text: string, start: number, end: number, channel: number | null = null) => ({
  text,
  start,
  end,
  channel,
});
const cut = (...words: CueWord[]) => cutPieces(words, 10_000, defaultCueRules);

describe('cutPieces', () => {
  it('leaves a word that fits as it is, in whole milliseconds', () => {
    expect(cut(word('boat', 0.4004, 0.7))).toEqual([
      { text: 'boat', width: 4, startMs: 400, endMs: 700, channel: null, spaceBefore: true },
    ]);
  });

  it('shares the time of a split word by width, and keeps its parts before the next word', () => {
    const pieces = cut(word('x'.repeat(84), 0, 9), word('next', 4, 5));
    expect(pieces.map(({ startMs, endMs, width }) => [startMs, endMs, width])).toEqual([
      [0, 2000, 42],
      [2000, 4000, 42],
      [4000, 5000, 4],
    ]);
  });

  it('lets channels overlap, by start', () => {
    const pieces = cut(word('b', 1, 3, 1), word('a', 0, 5, 0), word('c', 2, 4, 0));
    expect(pieces.map(({ text, endMs }) => [text, endMs])).toEqual([
      ['a', 2000],
      ['b', 3000],
      ['c', 4000],
    ]);
  });

  it('splits an address after its punctuation and never inside a grapheme', () => {
    const address = 'https://archive.example.org/collections/fishing/1974';
    const pieces = cut(word(address, 0, 1));
    expect(pieces.map((piece) => piece.text).join('')).toBe(address);
    expect(pieces.slice(0, -1).every(({ text }) => /\W$/u.test(text))).toBe(true);

    const families = cut(word('👩‍👩‍👧'.repeat(50), 0, 1));
    expect(families.every(({ text }) => text.startsWith('👩') && text.endsWith('👧'))).toBe(true);
  });

  it('makes a piece of each part of a word that contains spaces', () => {
    expect(cut(word(' 10 000\n', 0, 1)).map(({ text }) => text)).toEqual(['10', '000']);
  });
});
