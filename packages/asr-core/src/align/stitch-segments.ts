// Joins the words of neighbouring segments. Where a segment was cut without a pause, both sides heard the seam: the
// words there are taken from one side or the other, neither twice nor not at all.

import { type Segment, type Word } from '../transcript.js';

/** How far apart two hearings of the same word may lie, in samples (0.4 s). */
const SAME_WORD_SAMPLES = 6_400;

export type HeardSegment = { segment: Segment; words: readonly Word[] };

/** Words of a recording (one channel) in order; segments are in order too. */
export function stitchSegments(heard: readonly HeardSegment[]): Word[] {
  const words: Word[] = [];
  let previous: Segment | undefined;
  for (const { segment, words: next } of heard) {
    const isSeam = previous !== undefined && previous.audioEndSamples > segment.audioStartSamples;
    words.push(...(isSeam ? joinAtSeam(words, next, segment) : next));
    previous = segment;
  }
  return keepMonotonic(words);
}

/**
 * Takes from `before` what lies behind the splice and returns what of `after` follows it. The splice is the word that
 * both sides heard and that lies nearest to the cut; without one, each side keeps the words whose middle it owns. Where
 * a word is said twice in a row, each hearing pairs with the one nearest in time.
 */
function joinAtSeam(before: Word[], after: readonly Word[], segment: Segment): readonly Word[] {
  const cut = segment.startSamples;
  let splice: { left: number; right: number; distance: number; gap: number } | undefined;
  for (let left = before.length - 1; left >= 0; left--) {
    if (before[left]!.endSamples < segment.audioStartSamples - SAME_WORD_SAMPLES) break;
    for (const [right, word] of after.entries()) {
      if (!isSameWord(before[left]!, word)) continue;
      const distance = Math.abs(middle(word) - cut);
      const gap = Math.abs(middle(word) - middle(before[left]!));
      const isNearer =
        !splice || distance < splice.distance || (distance === splice.distance && gap < splice.gap);
      if (isNearer) splice = { left, right, distance, gap };
    }
  }
  if (splice) {
    before.length = splice.left + 1;
    return after.slice(splice.right + 1);
  }
  while (before.length > 0 && middle(before.at(-1)!) >= cut) before.pop();
  return after.filter((word) => middle(word) >= cut);
}

function isSameWord(a: Word, b: Word): boolean {
  return (
    normalize(a.text) === normalize(b.text) && Math.abs(middle(a) - middle(b)) <= SAME_WORD_SAMPLES
  );
}

function normalize(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function middle(word: Word): number {
  return (word.startSamples + word.endSamples) / 2;
}

/** Starts never go back, and a word ends when the next begins. */
function keepMonotonic(words: readonly Word[]): Word[] {
  const kept: Word[] = [];
  for (const word of words) {
    const previous = kept.at(-1);
    const startSamples = Math.max(word.startSamples, previous?.startSamples ?? 0);
    if (previous && previous.endSamples > startSamples) previous.endSamples = startSamples;
    kept.push({ ...word, startSamples, endSamples: Math.max(word.endSamples, startSamples) });
  }
  return kept;
}
