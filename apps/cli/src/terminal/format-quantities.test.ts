import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatSpeed,
  shorten,
  toPrintable,
} from './format-quantities.js';

describe('quantities', () => {
  it('are short and aligned', () => {
    expect([0, 75, 4530, 360_000].map(formatClock)).toEqual([
      '0:00',
      '1:15',
      '1:15:30',
      '100:00:00',
    ]);
    expect([formatSpeed(60, 20), formatSpeed(240, 10), formatSpeed(1, 0)]).toEqual([
      '3.0×',
      '24×',
      '0.0×',
    ]);
    expect([83, 4_426_754, 725_000_000, 999_960].map(formatBytes)).toEqual([
      '83 bytes',
      '4.4 MB',
      '725 MB',
      '1000 kB',
    ]);
    expect([formatCount(1, 'word'), formatCount(4030, 'word')]).toEqual(['1 word', '4,030 words']);
  });

  it('never hand control characters of a file name to the terminal', () => {
    expect(toPrintable('a\u001b[2Jb\n\u202ec')).toBe('a�[2Jb��c');
  });

  it('keep beginning and end of a long name', () => {
    expect(shorten('a-very-long-name.mp3', 11)).toBe('a-ver…e.mp3');
    expect(shorten('short.mp3', 11)).toBe('short.mp3');
  });
});
