import { describe, expect, it } from 'vitest';
import { type Token } from '../../transcript.js';
import { type GraniteTokenizer } from './tokenizer.js';
import { computeDraftWords, computeEditedWords } from './words.js';

/** Bytes of each token; the last is special. */
const pieces = [' so', ' me', 'thing', ',', ' caf', '\n', ' '].map((text) => Buffer.from(text));
const [FIRST_HALF, SECOND_HALF, SPECIAL] = [pieces.length, pieces.length + 1, pieces.length + 2];
pieces.push(...[[0xc3], [0xa9], []].map((bytes) => Buffer.from(bytes)));
const tokenizer: GraniteTokenizer = {
  endTokenId: SPECIAL,
  vocabularySize: pieces.length,
  encode: () => [],
  decode: (ids) => Buffer.concat(ids.map((id) => pieces[id]!)).toString(),
};

describe('words', () => {
  it.each<[string, number[], string[]]>([
    ['begin where white space does', [0, 1, 2, 3], ['so', 'mething,']],
    ['are whole where a character lies in two tokens', [4, FIRST_HALF, SECOND_HALF], ['café']],
    ['show what is no character', [4, FIRST_HALF, 0], ['caf\ufffd', 'so']],
    ['have no special tokens', [0, SPECIAL, 2], ['sothing']],
    ['begin behind white space, which is none', [6, 2, 5, 2, 6], ['thing', 'thing']],
    ['may be none', [SPECIAL, 6], []],
  ])('%s', (_, ids, texts) => {
    const { words } = computeEditedWords(ids.map(edited), tokenizer, { draft: [] });
    expect(words.map(({ text }) => text)).toEqual(texts);
  });

  it("have the mean probability of their tokens, and the draft's places", () => {
    const draft = computeDraftWords([token(0, 2, 3), token(1, 5, 6), token(2, 8, 10)], tokenizer, {
      lengthSamples: 12_000,
    });
    expect(draft).toMatchObject([
      { text: 'so', place: { startSamples: 2_560, endSamples: 3_840, timing: 'aligned' } },
      // The last frame reaches beyond the audio.
      { text: 'mething', place: { startSamples: 6_400, endSamples: 12_000, timing: 'aligned' } },
    ]);
    const { words, differingShare } = computeEditedWords(
      [edited(0), edited(4, 0.2), edited(1), edited(3, 0.5)],
      tokenizer,
      { draft },
    );
    expect(words).toMatchObject([{ text: 'so' }, { text: 'caf' }, { text: 'me,' }]);
    expect(words.map(({ place }) => place?.startSamples)).toEqual([2_560, undefined, 6_400]);
    expect(words.map(({ confidence }) => confidence)).toEqual([
      expect.closeTo(1),
      expect.closeTo(0.2),
      expect.closeTo(0.75),
    ]);
    // One substituted and one new, of two.
    expect(differingShare).toBe(1);
  });

  it('that differ in punctuation and case only do not differ', () => {
    const draft = [{ text: 'So', confidence: 1 }];
    expect(computeEditedWords([edited(0), edited(3)], tokenizer, { draft })).toMatchObject({
      words: [{ text: 'so,' }],
      differingShare: 0,
    });
  });
});

function token(tokenId: number, startFrame: number, endFrame: number): Token {
  return { tokenId, startFrame, endFrame, logProbability: 0 };
}

function edited(tokenId: number, probability = 1) {
  return { tokenId, logProbability: Math.log(probability) };
}
