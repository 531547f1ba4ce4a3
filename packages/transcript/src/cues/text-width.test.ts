import { describe, expect, it } from 'vitest';
import { measureWidth, splitGraphemes } from './text-width.js';

describe('measureWidth', () => {
  it.each([
    ['plain', 5],
    ['Zoë', 3],
    ['Zoe\u0308', 3],
    ['Київ', 4],
    ['👩‍👩‍👧', 1],
    ['録音', 4],
    ['', 0],
  ])('%s is %i wide', (text, width) => {
    expect(measureWidth(text)).toBe(width);
  });
});

describe('splitGraphemes', () => {
  it('keeps marks and joined emoji whole', () => {
    expect(splitGraphemes('e\u0308👩‍👧')).toEqual(['e\u0308', '👩‍👧']);
  });
});
