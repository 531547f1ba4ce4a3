import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTranscriptDocument } from './create-transcript-document.js';
import { formatTranscript } from './formats/format-transcript.js';
import { joinWords } from './join-words.js';
import { sampleInput } from './testing/sample-input.js';

const spaced = fc.constantFrom('the', 'boats,', '“home.”', '안녕하세요', 'Größe', '1974', 'е́', '…');
const unspaced = fc.constantFrom(
  '回家',
  '。',
  'テープ',
  'を',
  '「昔',
  '葛\u{e0100}',
  'か\u3099',
  '！',
  'ー',
);
const anyWord = fc.oneof(spaced, unspaced, fc.string({ unit: 'grapheme', minLength: 1 }));
const bare = (text: string) => text.replace(/[\s\p{Cc}]+/gu, '');

describe('joinWords', () => {
  it.each([
    [['你好', '世界', '。', '再见'], '你好世界。再见'],
    [['昭和', '49', '年', 'の', 'テープ'], '昭和 49 年のテープ'],
    [['私は', 'AI', 'です'], '私は AI です'],
    [['안녕', '하세요'], '안녕 하세요'],
    [['回家', 'home', '。'], '回家 home 。'],
    [['か\u3099', 'く'], 'か\u3099く'],
    [['so', 'it', 'is'], 'so it is'],
    [[], ''],
  ])('writes %j as it is written', (words, text) => {
    expect(joinWords(words)).toBe(text);
  });

  it('changes no letter', () => {
    fc.assert(
      fc.property(fc.array(anyWord), (words) => {
        expect(bare(joinWords(words))).toBe(bare(words.join('')));
      }),
    );
  });

  it('puts one space between words of languages with spaces, none between others', () => {
    fc.assert(
      fc.property(fc.array(spaced), fc.array(unspaced), (words, characters) => {
        expect(joinWords(words)).toBe(words.join(' '));
        expect(joinWords(characters)).toBe(characters.join(''));
      }),
    );
  });
});

describe('a transcript of words without spaces', () => {
  it('reads the same in text and subtitles', () => {
    const words = ['回家', '吧', '。', 'OK', '再见', '！'].map((text, index) => ({
      text,
      startSamples: index * 4800,
      endSamples: (index + 1) * 4800,
      confidence: 1,
      timing: 'model' as const,
    }));
    const document = createTranscriptDocument(sampleInput(words));
    expect(document.text).toBe('回家吧。 OK 再见！');
    expect(formatTranscript(document, 'txt')).toBe('回家吧。 OK 再见！\n');
    expect(formatTranscript(document, 'srt')).toContain('\n回家吧。 OK 再见！\n');
  });
});
