import { describe, expect, it } from 'vitest';
import { endsClause, endsSentence, endsWithComma } from './punctuation.js';

describe('endsSentence', () => {
  it.each([
    ['home.', 'We'],
    ['home?”', 'We'],
    ['回家。', '我'],
    ['done!', ''],
  ])('%s | %s: yes', (text, next) => {
    expect(endsSentence(text, next)).toBe(true);
  });

  it.each([
    ['Dr.', 'Fraser'],
    ['J.', 'Smith'],
    ['e.g.', 'herring'],
    ['approx.', 'five'],
    ['working?"', 'he'],
    ['home,', 'We'],
    ['1.5', 'We'],
  ])('%s | %s: no', (text, next) => {
    expect(endsSentence(text, next)).toBe(false);
  });
});

describe('endsClause and endsWithComma', () => {
  it('tell apart the strength of a mark', () => {
    expect(endsClause('could;', 'some')).toBe(true);
    expect(endsClause('working?"', 'he')).toBe(true);
    expect(endsClause('Dr.', 'Fraser')).toBe(false);
    expect(endsWithComma('village,')).toBe(true);
    expect(endsWithComma('village')).toBe(false);
  });
});
