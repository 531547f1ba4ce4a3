import { alignWords, type Word } from '@stenofleet/asr-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSeamFaults } from '../measure/find-seam-faults.js';
import { alignWithClips, type Clip } from '../measure/heard-words.js';
import { normalizeText } from '../measure/normalize-text.js';
import { computeMedian, computeQuantile } from '../measure/statistics.js';
import {
  computeErrorRate,
  countErrors,
  countWordErrors,
  totalErrors,
} from '../measure/word-errors.js';
import { measureWordTimes } from '../measure/word-times.js';

describe('normalizeText', () => {
  it.each([
    ['Mr. Bennet and Mrs. Bennet', ['mister', 'bennet', 'and', 'missus', 'bennet']],
    ["don't 'quote' the boys' dog’s", ["don't", 'quote', 'the', 'boys', "dog's"]],
    ['"forty-two line Bible" — 1455!', ['forty', 'two', 'line', 'bible', '1455']],
    ['', []],
    ["' '' -", []],
  ])('%j', (text, words) => {
    expect(normalizeText(text)).toEqual(words);
  });
});

describe('alignWords', () => {
  const sequences = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });

  it('uses every word of both sides once and in order', () => {
    fc.assert(
      fc.property(sequences, sequences, (reference, hypothesis) => {
        const steps = alignWords(reference, hypothesis);
        const used = (key: 'reference' | 'hypothesis') =>
          steps.flatMap((step) => (key in step ? [(step as Record<string, unknown>)[key]] : []));
        expect(used('reference')).toEqual([...reference.keys()]);
        expect(used('hypothesis')).toEqual([...hypothesis.keys()]);
      }),
    );
  });

  it('costs as little from either side, and never more than replacing everything', () => {
    fc.assert(
      fc.property(sequences, sequences, (one, other) => {
        const cost = totalErrors(countErrors(alignWords(one, other)));
        expect(cost).toBe(totalErrors(countErrors(alignWords(other, one))));
        expect(cost).toBeLessThanOrEqual(Math.max(one.length, other.length));
        expect(cost).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
        expect(cost === 0).toBe(one.join(' ') === other.join(' '));
      }),
    );
  });
});

describe('countWordErrors', () => {
  it('tells substitutions, deletions and insertions apart', () => {
    const errors = countWordErrors('the quick brown fox jumps', 'a quick fox jumps high');
    expect(errors).toEqual({ words: 5, substitutions: 1, deletions: 1, insertions: 1 });
    expect(computeErrorRate(errors)).toBe(60);
  });

  it('counts everything heard where nothing was said', () => {
    expect(countWordErrors('', 'hm yes')).toMatchObject({ words: 0, insertions: 2 });
  });
});

describe('findSeamFaults', () => {
  const text = 'one two three four five six seven eight nine ten';

  it('finds nothing in a transcript with ordinary errors', () => {
    expect(faultsOf('one too three five six seven eight eight nine ten')).toEqual([]);
  });

  it('finds four words that nobody heard', () => {
    expect(faultsOf('one two three eight nine ten')).toMatchObject([
      { kind: 'missing', text: 'four five six seven' },
    ]);
  });

  it('finds a clip without a word', () => {
    const clips = [clip(0, 4, 'one two'), clip(5, 9, 'three'), clip(10, 14, 'four')];
    const words = [word('one', 0.1), word('two', 3), word('four', 10.2)];
    expect(findSeamFaults(alignWithClips(clips, words))).toEqual([
      { kind: 'missing', text: 'three', atSeconds: 5 },
    ]);
  });

  it('finds words that both sides of a seam transcribed', () => {
    expect(faultsOf('one two three four three four five six seven eight nine ten')).toMatchObject([
      { kind: 'repeated', text: 'three four three four' },
    ]);
  });

  it('leaves a repetition alone that was spoken', () => {
    const spoken = 'bye bye bye bye then';
    const words = spoken.split(' ').map((heard, index) => word(heard, index));
    expect(findSeamFaults(alignWithClips([clip(0, 6, spoken)], words))).toEqual([]);
  });

  function faultsOf(heard: string) {
    const words = heard.split(' ').map((each, index) => word(each, index / 2));
    return findSeamFaults(alignWithClips([clip(0, 6, text)], words));
  }
});

describe('measureWordTimes', () => {
  const clips = [clip(0, 2, 'alpha beta'), clip(2.5, 4, 'gamma delta')];

  it('measures how far first and last words lie from the edges of their clips', () => {
    const words = [word('alpha', 0.05), word('beta', 1.5), word('gamma', 2.48), word('delta', 3.8)];
    const times = measureWordTimes(alignWithClips(clips, words));
    expect(times.startOffsetsMs.map(Math.round)).toEqual([50, -20]);
    expect(times.endOffsetsMs.map(Math.round)).toEqual([-300, 0]);
    expect(times.strays).toEqual([]);
  });

  it('finds words outside their clip, and gives an insertion either neighbour', () => {
    const words = [
      ...[word('alpha', 0), word('beta', 1), word('uh', 2.1)],
      ...[word('gamma', 2.1), word('delta', 3)],
    ];
    const { strays } = measureWordTimes(alignWithClips(clips, words));
    expect(strays.map((stray) => stray.word.text)).toEqual(['gamma']);
  });

  it('leaves out clips whose first word was missed', () => {
    const times = measureWordTimes(alignWithClips(clips, [word('alpha', 0), word('delta', 3)]));
    expect(times.startOffsetsMs).toEqual([0]);
  });
});

describe('statistics', () => {
  it('interpolates between neighbours', () => {
    expect(computeMedian([4, 1, 3, 2])).toBe(2.5);
    expect(computeQuantile([0, 10], 0.95)).toBeCloseTo(9.5);
    expect(computeMedian([])).toBeNaN();
  });
});

function clip(startSeconds: number, endSeconds: number, text: string): Clip {
  return { channel: 0, startSeconds, endSeconds, text };
}

/** A word of 0.2 s. */
function word(text: string, startSeconds: number): Word {
  const startSamples = Math.round(16_000 * startSeconds);
  return {
    text,
    startSamples,
    endSamples: startSamples + 3_200,
    confidence: 1,
    timing: 'model' as const,
  };
}
