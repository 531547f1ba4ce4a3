// All ways in which a CTC model may emit the words of a text: a graph of states, each of which takes one or more frames
// (docs/models/alignment.md, "Lattice"). With one way to spell each word it is the usual chain of 2n + 1 states.

import { type Vocabulary } from '../tokens/vocabulary.js';
import { WORD_START } from './words.js';
import { type Stretch, normalizeSpelling } from './spell-word.js';

/** Class of a state that takes whatever is said there. */
export const WILDCARD = -1;
/** Word of a state that belongs to none: blanks and wildcards. */
export const NO_WORD = -1;

/** States in an order in which every predecessor comes before its successors; state 0 is the blank before the text. */
export type Lattice = {
  /** Class that each state emits, or {@link WILDCARD}. */
  classes: readonly number[];
  /** Word to which each state belongs, or {@link NO_WORD}. */
  words: readonly number[];
  /** States from which each state may be entered, besides itself. */
  predecessors: readonly (readonly number[])[];
  /** States in which the text may end. */
  finals: readonly number[];
};

/** Classes by the text of their piece; several where pieces differ in case only. */
export type Spellings = { classes: ReadonlyMap<string, readonly number[]>; maxLength: number };

export function indexSpellings({ pieces, isSpecial }: Vocabulary): Spellings {
  const classes = new Map<string, number[]>();
  pieces.forEach((piece, id) => {
    if (isSpecial[id] || piece === '') return;
    const text = normalizeSpelling(piece);
    classes.set(text, [...(classes.get(text) ?? []), id]);
  });
  return { classes, maxLength: Math.max(...Array.from(classes.keys(), (text) => text.length)) };
}

/** The lattice of words, each given as its stretches; what the vocabulary cannot spell becomes a wildcard. */
export function buildLattice(
  words: readonly (readonly Stretch[])[],
  { spellings, blankId }: { spellings: Spellings; blankId: number },
): Lattice {
  const classes: number[] = [];
  const owners: number[] = [];
  const predecessors: number[][] = [];

  /** A class must not follow itself without a blank between: both would be heard as one. */
  const addState = (classId: number, owner: number, before: readonly number[]) => {
    predecessors.push(before.filter((state) => classId === blankId || classes[state] !== classId));
    owners.push(owner);
    return classes.push(classId) - 1;
  };
  /** Adds one spelling between two boundaries; returns the states that end it. */
  const addSpelling = (text: string, owner: number, before: readonly number[]) => {
    const canEnd = findSpellableEnds(text, spellings);
    /** States that end at each position. */
    const ends: number[][] = [[...before]];
    for (let end = 1; end <= text.length; end++) {
      const here: number[] = [];
      for (let start = Math.max(0, end - spellings.maxLength); start < end; start++) {
        const from = ends[start]!;
        if (!canEnd[end] || from.length === 0) continue;
        for (const id of spellings.classes.get(text.slice(start, end)) ?? []) {
          here.push(addState(id, owner, from));
        }
      }
      if (here.length > 0 && end < text.length) here.push(addState(blankId, NO_WORD, here));
      // The mark of a word's beginning may be missing.
      if (end === 1 && text.startsWith(WORD_START)) here.push(...before);
      ends.push(here);
    }
    return ends[text.length]!;
  };

  let boundary = [addState(blankId, NO_WORD, [])];
  words.forEach((stretches, owner) => {
    for (const stretch of stretches) {
      const before = boundary;
      const spelled = stretch.flatMap((text) => addSpelling(text, owner, before));
      const after = spelled.length > 0 ? spelled : [addState(WILDCARD, NO_WORD, before)];
      boundary = [...after, addState(blankId, NO_WORD, after)];
    }
  });
  return { classes, words: owners, predecessors, finals: boundary };
}

/** For each position of a spelling whether pieces lead from it to the end. */
function findSpellableEnds(text: string, { classes, maxLength }: Spellings): boolean[] {
  const canEnd = Array.from({ length: text.length + 1 }, (_, position) => position === text.length);
  for (let start = text.length - 1; start >= 0; start--) {
    for (let end = Math.min(text.length, start + maxLength); end > start; end--) {
      if (canEnd[end] && classes.has(text.slice(start, end))) canEnd[start] = true;
    }
  }
  return canEnd;
}
