import { describe, expect, it } from 'vitest';
import { splitWords } from './split-words.js';

/** Each stretch is spelled by one token of this probability. */
function spelled(...parts: [text: string, probability: number][]) {
  return parts.map(([text, probability], tokenId) => ({
    text,
    tokens: [{ tokenId, logProbability: Math.log(probability) }],
  }));
}
const textsOf = (text: string, language: string) =>
  splitWords(spelled([text, 0.5]), language).map((word) => word.text);

describe('words', () => {
  it('lie between white space of any kind', () => {
    expect(textsOf(' one  two\u00a0three\u2028four, ', 'en')).toEqual([
      'one',
      'two',
      'three',
      'four,',
    ]);
  });

  it('have the mean probability of the tokens that spell them', () => {
    const words = splitWords(
      spelled([' won', 0.9], ['der', 0.5], [' ', 0.1], ['ful', 0.4], ['ly put', 0.8]),
      'en',
    );
    expect(words.map(({ text, confidence }) => [text, Number(confidence.toFixed(3))])).toEqual([
      ['wonder', 0.7],
      ['fully', 0.6],
      ['put', 0.8],
    ]);
  });

  it('know no place', () => {
    expect(splitWords(spelled(['one', 1]), 'en')).toEqual([{ text: 'one', confidence: 1 }]);
  });

  it('are none in an empty text', () => {
    expect(splitWords([], 'en')).toEqual([]);
    expect(splitWords(spelled([' ', 1]), 'zh')).toEqual([]);
  });
});

describe('words of languages without spaces', () => {
  it('are found in Chinese, with marks at the word that they belong to', () => {
    expect(textsOf('今天天气很好，「我们」去公园。', 'zh')).toEqual([
      '今天',
      '天气',
      '很好，',
      '「我们」',
      '去',
      '公园。',
    ]);
  });

  it('are found in Japanese, beside words of other scripts', () => {
    expect(textsOf('私は iPhone を買う。', 'ja')).toEqual(['私', 'は', 'iPhone', 'を', '買う。']);
  });

  it('make the text again, whatever it is', () => {
    for (const text of ['。。。', '（（笑）', '你好！？', '「', '\uFFFD你\uFFFD', '3.14％です']) {
      expect(textsOf(text, 'ja').join('')).toBe(text);
    }
  });

  it('leave Korean to its spaces', () => {
    expect(textsOf('안녕하세요 세계', 'ko')).toEqual(['안녕하세요', '세계']);
  });
});
