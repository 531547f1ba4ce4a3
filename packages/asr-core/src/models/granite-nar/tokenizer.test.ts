import { describe, expect, it } from 'vitest';
import { parseTokenizer } from './tokenizer.js';

/** A byte-level vocabulary of a few letters, a space that is written Ġ, and an end token. */
const tokenizerText = JSON.stringify({
  added_tokens: [{ id: 5, content: '<end>', special: true, normalized: false }],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<end>', type_id: 0 } }],
    pair: [],
    special_tokens: { '<end>': { id: '<end>', ids: [5], tokens: ['<end>'] } },
  },
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: { a: 0, b: 1, Ġ: 2, ',': 3, ab: 4 },
    merges: ['a b'],
  },
});

describe('the tokenizer', () => {
  it.each(['"<end>"', '{"content":"<end>","special":true}'])(
    'knows its end token, named %s',
    (endToken) => {
      const { endTokenId, vocabularySize } = parseTokenizer(
        tokenizerText,
        `{"eos_token":${endToken}}`,
      );
      expect([endTokenId, vocabularySize]).toEqual([5, 6]);
    },
  );

  it('adds nothing, and tidies nothing away', () => {
    // Both the files and the library would.
    const tokenizer = parseTokenizer(
      tokenizerText,
      '{"eos_token":"<end>","clean_up_tokenization_spaces":true}',
    );
    expect(tokenizer.encode(' ab , b')).toEqual([2, 4, 2, 3, 2, 1]);
    expect(tokenizer.decode([2, 4, 2, 3, 5, 2, 1])).toBe(' ab , b');
    expect(tokenizer.decode([])).toBe('');
  });

  it.each([
    ['without an end token', tokenizerText, '{}'],
    ['whose end token is not in it', tokenizerText, '{"eos_token":"<other>"}'],
    ['that is not JSON', '', '{"eos_token":"<end>"}'],
  ])('%s is refused', (_, text, config) => {
    expect(() => parseTokenizer(text, config)).toThrow(
      expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }),
    );
  });
});
