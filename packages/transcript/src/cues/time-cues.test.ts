import { describe, expect, it } from 'vitest';
import { defaultCueRules } from './cue.js';
import { type CueDraft } from './plan-drafts.js';
import { timeCues } from './time-cues.js';

const draft = (
  speechStartMs: number,
  speechEndMs: number,
  earliestStartMs = speechStartMs,
): CueDraft => ({ lines: ['Yes.'], channel: null, speechStartMs, speechEndMs, earliestStartMs });

const times = (drafts: CueDraft[], limitMs = 60_000) =>
  timeCues(drafts, limitMs, defaultCueRules).map(({ startMs, endMs }) => [startMs, endMs]);

describe('timeCues', () => {
  it('stays half a second after the last word where there is room', () => {
    expect(times([draft(1000, 2000)])).toEqual([[1000, 2500]]);
  });

  it('stays up to a second longer where there is much to read', () => {
    const long = { ...draft(1000, 2000), lines: ['x'.repeat(42)] };
    expect(timeCues([long], 60_000, defaultCueRules)).toMatchObject([{ endMs: 3000 }]);
  });

  it('closes a short pause to the gap', () => {
    expect(times([draft(0, 1500), draft(2400, 4000)])[0]).toEqual([0, 2317]);
  });

  it('gives up the gap for the shortest duration', () => {
    expect(times([draft(0, 900), draft(1020, 3000)])[0]).toEqual([0, 1000]);
  });

  it('appears early, in silence, where there is no room after it', () => {
    expect(times([draft(5000, 5300, 4000), draft(5400, 8000)])[0]).toEqual([4400, 5400]);
  });

  it('makes the next cue late by half a second at most', () => {
    expect(times([draft(0, 300), draft(700, 3000)])[1]?.[0]).toBe(1000);
    expect(times([draft(0, 300), draft(301, 3000)])[1]?.[0]).toBe(801);
  });

  it('makes the next cue no later than its own shortest duration allows', () => {
    const [, second, third] = times([draft(0, 300), draft(700, 1700), draft(1850, 4000)]);
    expect(second).toEqual([850, 1850]);
    expect(third?.[0]).toBe(1850);
  });

  it('sets cues that claim one instant one after another', () => {
    const atEnd = [draft(5000, 5000), draft(5000, 5000), draft(5000, 5000)];
    expect(times(atEnd, 5000)).toEqual([
      [4997, 4998],
      [4998, 4999],
      [4999, 5000],
    ]);
  });
});
