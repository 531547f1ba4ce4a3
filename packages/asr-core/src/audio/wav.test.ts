import { describe, expect, it } from 'vitest';
import { makeWav as wav, text, u16, u32, type Chunk } from '../testing/made-wav.js';
import { parseWavLength } from './wav.js';

/**
 * 16-bit stereo at 8 kHz: 32 000 bytes per second; the byte rate is wrong, as some recorders write
 * it.
 */
const format: Chunk = [
  'fmt ',
  16,
  [...u16(1), ...u16(2), ...u32(8000), ...u32(7), ...u16(4), ...u16(16)],
];

describe('parseWavLength', () => {
  it('reads the promise, past other chunks and their padding', () => {
    const list: Chunk = ['LIST', 3, [1, 2, 3, 0]];
    expect(parseWavLength(wav([format, ['data', 64_000, []]]))).toEqual({
      kind: 'promised',
      seconds: 2,
    });
    expect(parseWavLength(wav([list, format, list, ['data', 64_000, []]]))).toEqual({
      kind: 'promised',
      seconds: 2,
    });
  });

  it.each([0, 0xffffffff, 0x7fffffff, 0x7fffffdb])('takes the size %d for open', (size) => {
    expect(parseWavLength(wav([format, ['data', size, []]]))).toEqual({ kind: 'open' });
  });

  it('reads the long size of RF64', () => {
    const ds64: Chunk = [
      'ds64',
      28,
      [...u32(0), ...u32(0), ...u32(64_000), ...u32(1), ...Array<number>(12).fill(0)],
    ];
    expect(parseWavLength(wav([ds64, format, ['data', 0xffffffff, []]], 'RF64'))).toEqual({
      kind: 'promised',
      seconds: (2 ** 32 + 64_000) / 32_000,
    });
  });

  it('says nothing about what it does not see', () => {
    expect(parseWavLength(new Uint8Array())).toBeUndefined();
    expect(parseWavLength(Uint8Array.from(text('RIFF....AVI ')))).toBeUndefined();
    expect(parseWavLength(wav([['junk', 0xfffffff0, []]]))).toBeUndefined();
    const cut = wav([format, ['data', 4, []]]);
    for (let length = 0; length < cut.length; length++) {
      expect(parseWavLength(cut.subarray(0, length))).toBeUndefined();
    }
  });
});
