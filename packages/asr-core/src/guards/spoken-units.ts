// Text as the guards count it: words, or characters where a language is written without spaces.

import { toComparableWord } from '../align/align-words.js';

export type SpokenUnit = {
  text: string;
  /** How much there is to say, in words. */
  weight: number;
};

const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** No word that anybody says is longer: a decoder that loops inside a word writes such ones. */
const LONGEST_WORD = 40;
/** Chinese and Japanese take about two characters for what is a word elsewhere. */
const CHARACTER_WEIGHT = 0.5;

export function toSpokenUnits(words: readonly { text: string }[]): SpokenUnit[] {
  return words.flatMap(({ text }) => {
    const word = toComparableWord(text);
    const isCharacters = word.length > LONGEST_WORD || WITHOUT_SPACES.test(word);
    return isCharacters
      ? Array.from(word, (character) => ({ text: character, weight: CHARACTER_WEIGHT }))
      : [{ text: word, weight: 1 }];
  });
}

/** In words. */
export function countSpoken(units: readonly SpokenUnit[]): number {
  return units.reduce((sum, { weight }) => sum + weight, 0);
}
