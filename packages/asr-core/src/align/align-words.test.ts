import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlignmentStep, alignWords, toComparableWord } from './align-words.js';

describe('aligned words', () => {
  it('pair what is equal and what stands in its place, and tell what is missing or new', () => {
    const steps = alignWords('a b c d'.split(' '), 'a x c c2 d'.split(' '));
    expect(steps).toEqual([
      { kind: 'match', reference: 0, hypothesis: 0 },
      { kind: 'substitution', reference: 1, hypothesis: 1 },
      { kind: 'match', reference: 2, hypothesis: 2 },
      { kind: 'insertion', hypothesis: 3 },
      { kind: 'match', reference: 3, hypothesis: 4 },
    ]);
    expect(alignWords(['a'], [])).toEqual([{ kind: 'deletion', reference: 0 }]);
  });

  it('cost the same, use every word once and keep the order where memory is too small for the matrix', () => {
    const sequence = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 });
    fc.assert(
      fc.property(sequence, sequence, fc.integer({ min: 1, max: 60 }), (one, other, cells) => {
        const steps = alignWords(one, other, { maxMatrixCells: cells });
        expect(countCost(steps)).toBe(countCost(alignWords(one, other)));
        const places = (key: 'reference' | 'hypothesis') =>
          steps.flatMap((step) => (key in step ? [(step as Record<string, unknown>)[key]] : []));
        expect(places('reference')).toEqual([...one.keys()]);
        expect(places('hypothesis')).toEqual([...other.keys()]);
        for (const step of steps) {
          if (step.kind !== 'match') continue;
          expect(one[step.reference]).toBe(other[step.hypothesis]);
        }
      }),
    );
  });
});

describe('a word as it is compared', () => {
  it.each([
    ['Hearth,', 'hearth'],
    ["don't", 'dont'],
    ['Żółć!', 'żółć'],
    ['—', '—'],
  ])('%s is %s', (word, comparable) => {
    expect(toComparableWord(word)).toBe(comparable);
  });
});

function countCost(steps: readonly AlignmentStep[]): number {
  return steps.filter(({ kind }) => kind !== 'match').length;
}
