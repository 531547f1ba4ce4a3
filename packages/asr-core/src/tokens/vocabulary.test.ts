import { describe, expect, it } from 'vitest';
import { parseVocabulary } from './vocabulary.js';

describe('a vocabulary', () => {
  it('is split at the last space, so that pieces may contain or be white space', () => {
    const { pieces, blankId } = parseVocabulary('<unk> 0\n\u2581a 1\na b 2\n  3\n<blk> 4\n');
    expect(pieces).toEqual(['<unk>', '\u2581a', 'a b', ' ', '<blk>']);
    expect(blankId).toBe(4);
  });

  it('may come with CRLF line ends', () => {
    expect(parseVocabulary('a 0\r\n<blk> 1\r\n').pieces).toEqual(['a', '<blk>']);
  });

  it('marks what never becomes text', () => {
    const { isSpecial } = parseVocabulary('<unk> 0\n<|nospeech|> 1\n<pad> 2\n\u2581the 3\n<blk> 4');
    expect(isSpecial).toEqual([true, true, true, false, true]);
  });

  it.each([
    ['a line without an id', 'a 0\nb\n<blk> 2'],
    ['a line whose id is empty', 'a \n<blk> 1'],
    ['an id that is no plain number', 'a 0x0\n<blk> 1'],
    ['an id that no vocabulary reaches', 'a 4294967294\n<blk> 0'],
    ['an id twice', 'a 0\nb 0\n<blk> 1'],
    ['a gap in the ids', 'a 0\n<blk> 2'],
    ['no blank', 'a 0\nb 1'],
  ])('with %s is refused', (_, text) => {
    expect(() => parseVocabulary(text)).toThrow(
      expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }),
    );
  });
});
