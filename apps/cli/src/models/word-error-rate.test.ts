import { describe, expect, it } from 'vitest';
import { computeErrorRate, countEdits, toWords } from './word-error-rate.js';

describe('the difference of two texts', () => {
  it('does not look at case, marks or spaces', () => {
    expect(toWords("Don’t “stop”,  it's 5!")).toEqual(["don't", 'stop', "it's", '5']);
    expect(countEdits('Good morning, Anna.', 'good MORNING anna')).toEqual({ words: 3, edits: 0 });
  });

  it('counts words put in, left out and exchanged', () => {
    expect(countEdits('a b c d', 'a x c d')).toEqual({ words: 4, edits: 1 });
    expect(countEdits('a b c d', 'b c d')).toEqual({ words: 4, edits: 1 });
    expect(countEdits('a b c d', 'a b c c d e')).toEqual({ words: 4, edits: 2 });
    expect(countEdits('a b', '')).toEqual({ words: 2, edits: 2 });
  });

  it('is a share of all the words together', () => {
    expect(computeErrorRate([countEdits('a b c', 'a b'), countEdits('d', 'd')])).toBe(0.25);
  });

  it('is nothing where nobody heard anything, and everything where only one did', () => {
    expect(computeErrorRate([countEdits('', '')])).toBe(0);
    expect(computeErrorRate([countEdits('', 'music music')])).toBe(1);
  });
});
