// Spelled text → words, for decoders that know no places of words.

import { type SegmentWord } from '../recognizer.js';
import { type Spelling } from './spell-tokens.js';

const LANGUAGES_WITHOUT_SPACES = new Set(['ja', 'zh']);
const OPENING_MARK = /^[\p{Ps}\p{Pi}]/u;

/** Characters `[start, end)` of a text. */
type Span = { start: number; end: number };

/**
 * Words between white space; in languages written without spaces, those of Unicode's segmentation, with punctuation at
 * the word that it belongs to. A word's confidence is the mean probability of the tokens that spell any of it.
 */
export function splitWords(spellings: readonly Spelling[], language: string): SegmentWord[] {
  const text = spellings.map((spelling) => spelling.text).join('');
  let spans = [...text.matchAll(/\S+/gu)].map(({ 0: found, index }) => toSpan(index, found));
  if (LANGUAGES_WITHOUT_SPACES.has(language)) {
    const segmenter = new Intl.Segmenter(language, { granularity: 'word' });
    spans = spans.flatMap(({ start, end }) =>
      segmentStretch(segmenter.segment(text.slice(start, end)), start),
    );
  }
  let first = 0;
  let firstStart = 0;
  return spans.map(({ start, end }) => {
    while (firstStart + spellings[first]!.text.length <= start) {
      firstStart += spellings[first]!.text.length;
      first += 1;
    }
    const probabilities: number[] = [];
    for (let i = first, at = firstStart; at < end; at += spellings[i]!.text.length, i++) {
      for (const token of spellings[i]!.tokens) probabilities.push(Math.exp(token.logProbability));
    }
    const sum = probabilities.reduce((total, probability) => total + probability, 0);
    return { text: text.slice(start, end), confidence: sum / probabilities.length };
  });
}

/** Words of a stretch without white space that begins at `offset`: opening marks go to the next, others to the last. */
function segmentStretch(segments: Intl.Segments, offset: number): Span[] {
  const spans: Span[] = [];
  let isOpen = false;
  for (const { segment, index, isWordLike = false } of segments) {
    const last = spans.at(-1);
    if (last && (isOpen || !(isWordLike || OPENING_MARK.test(segment)))) {
      last.end = offset + index + segment.length;
      isOpen &&= !isWordLike;
    } else {
      spans.push(toSpan(offset + index, segment));
      isOpen = !isWordLike;
    }
  }
  return spans;
}

function toSpan(start: number, text: string): Span {
  return { start, end: start + text.length };
}
