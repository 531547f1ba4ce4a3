import { describe, expect, it } from 'vitest';
import { type Cue } from './cue.js';
import { validateCues } from './validate-cues.js';

const cue = (startMs: number, endMs: number, ...lines: string[]): Cue => ({
  startMs,
  endMs,
  lines,
  channel: null,
});
const namesOf = (...cues: Cue[]) =>
  validateCues(cues, { durationSeconds: 60 }).map((violation) => violation.name);

describe('validateCues', () => {
  it('accepts cues that keep every rule', () => {
    expect(namesOf(cue(0, 2000, 'One line.'), cue(2083, 4000, 'Two', 'lines.'))).toEqual([]);
  });

  it.each([
    ['EMPTY_LINE', cue(0, 2000, 'a', ' ')],
    ['EMPTY_LINE', cue(0, 2000)],
    ['TOO_MANY_LINES', cue(0, 2000, 'a', 'b', 'c')],
    ['LINE_TOO_WIDE', cue(0, 7000, 'x'.repeat(43))],
    ['NOT_WHOLE_MILLISECONDS', cue(0.5, 2000, 'a')],
    ['OUTSIDE_RECORDING', cue(58_500, 60_001, 'a')],
    ['TOO_SHORT', cue(0, 999, 'a')],
    ['TOO_LONG', cue(0, 7001, 'a')],
    ['READ_TOO_FAST', cue(0, 1000, 'x'.repeat(18))],
  ])('names %s', (name, broken) => {
    expect(namesOf(broken)).toEqual([name]);
  });

  it('names a cue that ends before it starts', () => {
    expect(namesOf(cue(2000, 1000, 'a'))).toContain('ENDS_BEFORE_START');
  });

  it('names the second of two cues that overlap or stand too close', () => {
    const overlapping = [cue(0, 2000, 'a'), cue(1999, 4000, 'b')];
    expect(validateCues(overlapping, { durationSeconds: 60 })).toEqual([
      { name: 'OVERLAPS_PREVIOUS', cue: 1, message: 'By 1 ms.' },
    ]);
    expect(namesOf(cue(0, 2000, 'a'), cue(2082, 4000, 'b'))).toEqual(['GAP_TOO_SMALL']);
  });
});
