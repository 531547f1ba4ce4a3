const graphemeSegmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
const ONE_COLUMN_EACH = /^[\u0020-\u02ff]*$/;
const FULL_WIDTH =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;

/** What a reader sees as characters: no combining mark or emoji is ever cut in two. */
export function splitGraphemes(text: string): string[] {
  return Array.from(graphemeSegmenter.segment(text), ({ segment }) => segment);
}

/** Width of text in characters as a line limit counts them: East Asian full-width ones count as two. */
export function measureWidth(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length;
  let width = 0;
  for (const grapheme of splitGraphemes(text)) width += FULL_WIDTH.test(grapheme) ? 2 : 1;
  return width;
}
