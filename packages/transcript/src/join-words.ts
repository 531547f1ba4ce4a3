// Chinese and Japanese are written without spaces; Korean and all other languages of the models with them.

const UNSPACED =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u3000-\\u303f\\u30fb\\u30fc\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65\\uff70]';
/** Marks belong to the character that they follow. */
const ENDS_UNSPACED = new RegExp(`${UNSPACED}\\p{M}*$`, 'u');
const STARTS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');

/** Writes words one after the other, with a space wherever {@link needsSpace} wants one. */
export function joinWords(words: readonly string[]): string {
  let text = '';
  for (const [index, word] of words.entries()) {
    text += index > 0 && needsSpace(words[index - 1] ?? '', word) ? ` ${word}` : word;
  }
  return text;
}

/** Whether a space stands between two words: not where both sides are Han, kana or their punctuation. */
export function needsSpace(before: string, after: string): boolean {
  return !(STARTS_UNSPACED.test(after) && ENDS_UNSPACED.test(before));
}
