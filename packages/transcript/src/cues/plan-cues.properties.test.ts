import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cue } from './cue.js';
import { type CueWord } from './cue-pieces.js';
import { planCues } from './plan-cues.js';
import { measureWidth } from './text-width.js';
import { type CueViolationName, validateCues } from './validate-cues.js';

const never: readonly CueViolationName[] = [
  'EMPTY_LINE',
  'TOO_MANY_LINES',
  'LINE_TOO_WIDE',
  'NOT_WHOLE_MILLISECONDS',
  'ENDS_BEFORE_START',
  'OUTSIDE_RECORDING',
  'OVERLAPS_PREVIOUS',
  'TOO_LONG',
];

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'the', 'of', 'and', 'boats', 'harbour,', 'home.') },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 14 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 14 }) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(130), '録音された古いテープ'.repeat(9)) },
  { weight: 1, arbitrary: fc.constantFrom('https://example.org/a/b?c=d'.repeat(4), '-', '-->') },
);
const pause = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.double({ min: 0, max: 0.8, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 12, noNaN: true }) },
);
const length = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.double({ min: 0.05, max: 0.7, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 15, noNaN: true }) },
);
const spoken = fc.array(fc.record({ text, pause, length }), { maxLength: 60 });

type Spoken = { text: string; pause: number; length: number };

function toWords(voice: readonly Spoken[], channel: number | null): CueWord[] {
  let at = 0;
  return voice.map(({ text, pause, length }) => {
    const start = at + pause;
    at = start + length;
    return { text, start, end: at, channel };
  });
}

/** Text without white space, so that a word split over lines compares equal. */
const bare = (value: string) => value.replace(/[\s\p{Cc}]+/gu, '');

function textOfChannel(cues: readonly Cue[], channel: number | null): string {
  const lines = cues.flatMap((cue) => {
    if (cue.dialogue === undefined) return cue.channel === channel ? cue.lines : [];
    return cue.lines.filter((_, index) => cue.dialogue?.[index] === channel).map((l) => l.slice(2));
  });
  return bare(lines.join(''));
}

const textOfWords = (words: readonly CueWord[]) => bare(words.map((word) => word.text).join(''));

function planned(words: readonly CueWord[], durationSeconds: number): Cue[] {
  const cues = planCues({ recording: { durationSeconds }, language: 'en', segments: [{ words }] });
  const broken = validateCues(cues, { durationSeconds }).filter(({ name }) => never.includes(name));
  expect(broken).toEqual([]);
  return cues;
}

describe('planCues, for any words', () => {
  it('keeps the rules and every word of one channel', () => {
    fc.assert(
      fc.property(spoken, fc.double({ min: 0, max: 1.5, noNaN: true }), (voice, share) => {
        const words = toWords(voice, null);
        const cues = planned(words, (words.at(-1)?.end ?? 0) * share);
        expect(textOfChannel(cues, null)).toBe(textOfWords(words));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the rules and every word of channels that talk over one another', () => {
    fc.assert(
      fc.property(fc.array(spoken, { minLength: 2, maxLength: 3 }), (voices) => {
        const words = voices.map(toWords);
        const all = words.flat();
        const cues = planned(all, Math.max(0, ...all.map((word) => word.end)));
        for (const [channel, own] of words.entries()) {
          expect(textOfChannel(cues, channel)).toBe(textOfWords(own));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('shows each cue for a second where there is free time or room in a neighbour', () => {
    fc.assert(
      fc.property(spoken, fc.double({ min: 0, max: 3, noNaN: true }), (voice, tail) => {
        const words = toWords(voice, null);
        const durationSeconds = (words.at(-1)?.end ?? 0) + tail;
        const cues = planned(words, durationSeconds);
        for (const [index, cue] of cues.entries()) {
          if (cue.endMs - cue.startMs >= 1000) continue;
          const [before, after] = [cues[index - 1], cues[index + 1]];
          expect(cue.endMs).toBe(after?.startMs ?? Math.round(durationSeconds * 1000));
          for (const [upper, lower] of [[before, cue] as const, [cue, after] as const]) {
            expect(upper && lower && fitTogether(upper, lower)).not.toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not depend on the order in which words of different channels are given', () => {
    fc.assert(
      fc.property(spoken, spoken, (left, right) => {
        const words = [...toWords(left, 0), ...toWords(right, 1)].map((word, index) => ({
          ...word,
          start: word.start + index / 100,
          end: word.end + index / 100,
        }));
        const unique = new Set(words.map((word) => Math.round(word.start * 1000)));
        fc.pre(unique.size === words.length);
        const sorted = words.toSorted((a, b) => a.start - b.start);
        expect(planned(words, 1000)).toEqual(planned(sorted, 1000));
      }),
      { numRuns: 60 },
    );
  });
});

/** Whether two cues would surely make one: on a single line, in well under seven seconds. */
function fitTogether(upper: Cue, lower: Cue): boolean {
  const line = [...upper.lines, ...lower.lines].join(' ');
  return measureWidth(line) <= 42 && lower.endMs - upper.startMs < 5000;
}
