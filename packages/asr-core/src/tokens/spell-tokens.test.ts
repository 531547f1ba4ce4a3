import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinSpellings, spellTokens } from './spell-tokens.js';

const words = ['<unk>', '<pad>', '<|endoftext|>', '\u2581', '\u2581one', 'two', ' ', 'a b'];
const BYTES = words.length;
const pieces = [
  ...words,
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).padStart(2, '0')}>`),
];
const idOf = (piece: string) => pieces.indexOf(piece);
const bytesOf = (text: string) => [...Buffer.from(text, 'utf8')].map((byte) => BYTES + byte);
const spell = (ids: readonly number[]) =>
  spellTokens(
    ids.map((tokenId) => ({ tokenId, logProbability: 0 })),
    pieces,
  );
const textOf = (ids: readonly number[]) => joinSpellings(spell(ids));

describe('the text of tokens', () => {
  it('has a space for each mark and is trimmed at its ends only', () => {
    const mark = idOf('\u2581');
    expect(textOf([idOf('\u2581one'), mark, mark, idOf('two'), idOf(' '), idOf('a b'), mark])).toBe(
      'one  two a b',
    );
  });

  it('leaves out special pieces', () => {
    expect(textOf([0, idOf('\u2581one'), 1, idOf('two'), 2])).toBe('onetwo');
  });

  it('reads bytes across pieces', () => {
    expect(textOf([idOf('two'), ...bytesOf('你好😀'), idOf('two')])).toBe('two你好😀two');
  });

  it('replaces bytes that a piece of text cuts off', () => {
    expect(textOf([...bytesOf('你').slice(0, 2), idOf('two'), ...bytesOf('你').slice(2)])).toBe(
      '\uFFFDtwo\uFFFD',
    );
  });

  it('reads bytes on both sides of a special piece together', () => {
    const [first = 0, ...others] = bytesOf('你');
    expect(textOf([first, 0, ...others])).toBe('你');
  });

  it('keeps a byte order mark inside a text', () => {
    expect(textOf([idOf('two'), ...bytesOf('\uFEFFx')])).toBe('two\uFEFFx');
  });

  it('is that of its bytes read at once, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const ids = [idOf('two'), ...[...bytes].map((byte) => BYTES + byte), idOf('two')];
        expect(textOf(ids)).toBe(`two${Buffer.from(bytes).toString('utf8')}two`);
      }),
    );
  });

  it('names the tokens of each stretch, the bytes of a character together', () => {
    const spellings = spell([idOf('\u2581one'), ...bytesOf('é')]);
    expect(spellings.map(({ text, tokens }) => [text, tokens.length])).toEqual([
      [' one', 1],
      ['é', 2],
    ]);
  });
});
