// A written word as an aligner's vocabulary may spell it (docs/models/alignment.md, "Spelling").

import { WORD_START } from './words.js';
import { spellEnglishNumber } from './spell-english-number.js';

/** A stretch of sound: the ways to spell it, all equally good; none where no rule knows it. */
export type Stretch = readonly string[];

/** What is said: runs of letters, marks and digits, and signs that are read out. All other marks are silent. */
const SPOKEN = /[\p{L}\p{M}\p{N}']+|[%&@#\p{S}]/gu;
const OUTER_APOSTROPHE = /(?<![\p{L}\p{N}])'+|'+(?![\p{L}\p{N}])/gu;
const GROUPING_COMMA = /(?<=\d),(?=\d{3})/g;

/** Stretches of a word in order; each spelling begins with SentencePiece's mark and is in lower case, NFKC. */
export function spellWord(text: string, language: string): Stretch[] {
  const plain = normalizeSpelling(text)
    .replaceAll('’', "'")
    .replace(OUTER_APOSTROPHE, ' ')
    .replace(GROUPING_COMMA, '');
  return (plain.match(SPOKEN) ?? []).map((spoken) =>
    spellStretch(spoken, language).map((words) => WORD_START + words.replaceAll(' ', WORD_START)),
  );
}

/** Text and pieces pass through here before they are compared. */
export function normalizeSpelling(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function spellStretch(spoken: string, language: string): string[] {
  if (/^\d+$/.test(spoken)) return language === 'en' ? spellEnglishNumber(spoken) : [];
  if (!/^[\p{L}\p{M}']+$/u.test(spoken)) return [];
  // An alphabet without a letter's accent, or without the apostrophe, writes the word without it.
  const bare = spoken.normalize('NFKD').replace(/[\p{M}']/gu, '');
  return [...new Set([spoken, bare])];
}
