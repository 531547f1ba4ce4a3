import { describe, expect, it } from 'vitest';
import { isSpecialPiece, parsePieceTable, parseTokenizerPieces } from './piece-table.js';

const unreadable = expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }) as Error;

describe('a piece table', () => {
  it('ends lines at LF alone, whatever else may look like an end', () => {
    expect(parsePieceTable('a\u2028b 0\r\n\u00a0 1\r\n\u0085 2\r\n')).toEqual([
      'a\u2028b',
      '\u00a0',
      '\u0085',
    ]);
  });

  it('may give a piece two ids', () => {
    expect(parsePieceTable('\u2581 0\n\u2581 1')).toEqual(['\u2581', '\u2581']);
  });
});

describe('the pieces of a tokenizer.json', () => {
  it('are those of its model and the added ones, which may be in both', () => {
    const text = JSON.stringify({
      model: { vocab: { '<unk>': 0, '\u2581a': 1 } },
      added_tokens: [
        { id: 0, content: '<unk>' },
        { id: 2, content: '<|en|>' },
      ],
    });
    expect(parseTokenizerPieces(text)).toEqual(['<unk>', '\u2581a', '<|en|>']);
  });

  it.each([
    ['no JSON', '{'],
    ['no map of pieces', '{"model":{"vocab":[["a",0]]}}'],
    ['a gap in the ids', '{"model":{"vocab":{"a":0,"b":2}}}'],
    ['an id twice', '{"model":{"vocab":{"a":0,"b":0}}}'],
  ])('with %s are refused', (_, text) => {
    expect(() => parseTokenizerPieces(text)).toThrow(unreadable);
  });
});

describe('a special piece', () => {
  it.each(['<unk>', '<pad>', '<|endoftext|>', '<|zh|>'])('is %s', (piece) => {
    expect(isSpecialPiece(piece)).toBe(true);
  });

  it.each(['<', '<0x41>', '|>', '<|', '\u2581'])('is not %s', (piece) => {
    expect(isSpecialPiece(piece)).toBe(false);
  });
});
