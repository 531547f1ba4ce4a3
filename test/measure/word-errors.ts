import { type AlignmentStep, alignWords } from '@stenofleet/asr-core';
import { normalizeText } from './normalize-text.js';

export type WordErrors = {
  /** Words of the reference. */
  words: number;
  substitutions: number;
  deletions: number;
  insertions: number;
};

/** Errors of a transcript against its reference text, both as they come. */
export function countWordErrors(reference: string, hypothesis: string): WordErrors {
  return countErrors(alignWords(normalizeText(reference), normalizeText(hypothesis)));
}

export function countErrors(steps: readonly AlignmentStep[]): WordErrors {
  const count = (kind: AlignmentStep['kind']) => steps.filter((step) => step.kind === kind).length;
  const insertions = count('insertion');
  return {
    words: steps.length - insertions,
    substitutions: count('substitution'),
    deletions: count('deletion'),
    insertions,
  };
}

export function sumErrors(all: readonly WordErrors[]): WordErrors {
  const sum = (key: keyof WordErrors) => all.reduce((total, errors) => total + errors[key], 0);
  return {
    words: sum('words'),
    substitutions: sum('substitutions'),
    deletions: sum('deletions'),
    insertions: sum('insertions'),
  };
}

export function totalErrors({ substitutions, deletions, insertions }: WordErrors): number {
  return substitutions + deletions + insertions;
}

/** In percent of the reference's words. */
export function computeErrorRate(errors: WordErrors): number {
  return errors.words === 0 ? 0 : (100 * totalErrors(errors)) / errors.words;
}
