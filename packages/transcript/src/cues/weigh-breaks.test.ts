import { describe, expect, it } from 'vitest';
import { defaultCueRules } from './cue.js';
import { cutPieces } from './cue-pieces.js';
import { type WeighedPiece, weighBreaks } from './weigh-breaks.js';

/** Breaks after the first word of `pair`, spoken with a pause between the two. */
function breakOf(pair: string, pauseSeconds = 0): Partial<WeighedPiece> {
  const [first = '', second = ''] = pair.split(' ');
  const words = [
    { text: first, start: 0, end: 1, channel: null },
    { text: second, start: 1 + pauseSeconds, end: 5, channel: null },
  ];
  return weighBreaks(cutPieces(words, 10_000, defaultCueRules), 'en')[0] ?? {};
}

describe('weighBreaks', () => {
  it('orders the places where text may break', () => {
    const pairs = [
      'home. Then',
      'home; then',
      'home, then',
      'home because',
      'home in',
      'home town',
      'James Mackenzie',
      'the home',
    ];
    const costs = pairs.map((pair) => breakOf(pair).lineBreakCost ?? Number.NaN);
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    expect(new Set(costs).size).toBe(pairs.length);
  });

  it.each(['of home', 'and home', "don't know", 'Don’t know', 'Mr. Smith'])(
    'holds together: %s',
    (pair) => {
      expect(breakOf(pair).lineBreakCost).toBe(breakOf('the home').lineBreakCost);
    },
  );

  it('ends a cue where the speaker pauses, whatever the words', () => {
    expect(breakOf('the home', 0.5).cueBreakCost).toBeLessThan(
      breakOf('the home').cueBreakCost ?? 0,
    );
    expect(breakOf('the home', 1).cueBreakCost).toBe(0);
    expect(breakOf('the home', 1).runOnCost).toBeGreaterThan(0);
  });
});
