import { describe, expect, it } from 'vitest';
import { type DecodingRemark } from '../recognizer.js';
import { judgeSegment } from './judge-segment.js';

const SECOND = 16_000;
const SENTENCE = 'the quick brown fox jumps over the lazy dog near the river bank today';

function judge(
  text: string,
  { speechSeconds = 10, level = 0.1, remarks = [] as DecodingRemark[] } = {},
) {
  const words = text.split(' ').flatMap((word) => (word === '' ? [] : [{ text: word }]));
  return judgeSegment({ words, remarks, speechSamples: speechSeconds * SECOND, level });
}
const times = (count: number, text: string) => Array(count).fill(text).join(' ');

describe('text that people say', () => {
  it.each([
    ['a sentence', SENTENCE],
    ['a word said three times', `no, no, no, ${SENTENCE}`],
    ['laughter', times(10, 'ha')],
    ['a chorus of syllables', `${times(11, 'na')} hey Jude`],
    ['a phrase said three times', times(3, 'let it be')],
    ['a refrain of five words sung twice', times(2, 'We will, we will rock you.')],
    ['a refrain of eight words sung twice', times(2, 'row row row your boat gently down stream')],
    ['a verse sung twice', times(2, SENTENCE)],
    ['laughter in Japanese', 'はははははははは 面白い ですね'],
    [
      'a long word',
      'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft',
    ],
  ])('passes: %s', (_, text) => {
    expect(judge(text)).toEqual([]);
  });

  it('passes at the speed of the fastest speakers, and where detection heard half of it', () => {
    const fast = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
    expect(judge(fast, { speechSeconds: 10 })).toEqual([]);
    expect(judge('yes I think so', { speechSeconds: 0.4 })).toEqual([]);
  });
});

describe('text that goes in circles', () => {
  it.each([
    ['a word', times(14, 'the')],
    ['two words', times(8, 'of the')],
    ['a phrase among other words', `${SENTENCE} ${times(5, 'and then we')} ${SENTENCE}`],
    [
      'a phrase written differently',
      'Thank you, sir. thank you sir! THANK YOU SIR thank you, sir, thank you sir',
    ],
    ['a sentence said three times', times(3, SENTENCE)],
    ['Chinese characters', '谢谢大家收看谢谢大家收看谢谢大家收看谢谢大家收看谢谢大家收看'],
    ['syllables within a word', 'ha'.repeat(30)],
  ])('is a repetition: %s', (_, text) => {
    expect(judge(text, { speechSeconds: 30 })).toEqual(['repetition']);
  });

  it('is a repetition where there is no time to say a long passage twice', () => {
    expect(judge(times(2, SENTENCE), { speechSeconds: 5 })).toEqual(['repetition']);
    expect(judge(times(2, SENTENCE), { speechSeconds: 9 })).toEqual([]);
  });
});

describe('text beyond what can be said', () => {
  it('is an overrun, in words and in characters', () => {
    const words = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');
    expect(judge(words, { speechSeconds: 3 })).toEqual(['overrun']);
    const characters = Array.from({ length: 60 }, (_, i) => String.fromCodePoint(0x4e00 + i));
    expect(judge(characters.join(''), { speechSeconds: 3 })).toEqual(['overrun']);
    expect(judge(characters.join(''), { speechSeconds: 8 })).toEqual([]);
  });

  it('is an overrun where the decoder did not end', () => {
    const remarks: DecodingRemark[] = [{ kind: 'cap-hit', tokens: 1014 }];
    expect(judge(SENTENCE, { remarks })).toEqual(['overrun']);
    expect(judge('', { remarks, speechSeconds: 1 })).toEqual(['overrun']);
  });
});

describe('text and silence', () => {
  it('is invented where there is no speech, or no sound', () => {
    expect(judge('Thank you.', { speechSeconds: 0.2 })).toEqual(['non-speech']);
    expect(judge('Thank you.', { level: 1e-3 })).toEqual(['non-speech']);
    expect(judge('Thank you.', { speechSeconds: 0.4, level: 0.01 })).toEqual([]);
  });

  it('lacks words where speech is long enough to have some', () => {
    expect(judge('', { speechSeconds: 2 })).toEqual(['no-words']);
    expect(judge('', { speechSeconds: 1.9 })).toEqual([]);
    expect(judge('', { speechSeconds: 2, level: 1e-3 })).toEqual([]);
  });
});

describe('text and the model’s own draft', () => {
  const remarks = (share: number): DecodingRemark[] => [{ kind: 'draft-differs', share }];

  it('is doubtful where more than half is something else', () => {
    expect(judge(SENTENCE, { remarks: remarks(0.6) })).toEqual(['draft-differs']);
    expect(judge(SENTENCE, { remarks: remarks(0.4) })).toEqual([]);
    expect(judge('oh no', { remarks: remarks(1) })).toEqual([]);
  });
});
