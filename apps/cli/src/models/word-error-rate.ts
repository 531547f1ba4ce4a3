import { alignWords } from '@stenofleet/asr-core';

/** Words as they are compared: lower case, letters, digits and inner apostrophes only. */
export function toWords(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu) ?? []
  );
}

export type WordDifference = { words: number; edits: number };

/** Fewest words to put in, leave out or exchange that turn one text into the other, and the reference's words. */
export function countEdits(reference: string, text: string): WordDifference {
  const expected = toWords(reference);
  const steps = alignWords(expected, toWords(text));
  return { words: expected.length, edits: steps.filter(({ kind }) => kind !== 'match').length };
}

/** Edits for each word of the references; of texts without words 0 where nothing was heard either, else 1. */
export function computeErrorRate(differences: readonly WordDifference[]): number {
  const sum = (key: keyof WordDifference) => differences.reduce((all, one) => all + one[key], 0);
  const [words, edits] = [sum('words'), sum('edits')];
  return words === 0 ? Math.min(1, edits) : edits / words;
}
