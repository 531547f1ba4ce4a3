import { alignWords } from '@stenofleet/asr-core';
import { type HeardWord } from './heard-words.js';

/** What two measurements of the same speech say of the words that both have: second minus first, signed, in ms. */
export type WordTimeDifferences = { startMs: number[]; endMs: number[] };

export function compareWordTimes(
  first: readonly HeardWord[],
  second: readonly HeardWord[],
): WordTimeDifferences {
  const textOf = ({ text }: HeardWord) => text;
  const pairs = alignWords(first.map(textOf), second.map(textOf)).flatMap((step) => {
    if (step.kind !== 'match') return [];
    const [a, b] = [first[step.reference], second[step.hypothesis]];
    return a && b ? [{ a, b }] : [];
  });
  return {
    startMs: pairs.map(({ a, b }) => 1000 * (b.startSeconds - a.startSeconds)),
    endMs: pairs.map(({ a, b }) => 1000 * (b.endSeconds - a.endSeconds)),
  };
}
