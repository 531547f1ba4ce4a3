// What is wrong with a segment's text, as far as that can be told without knowing what was said. Cheap: every segment of
// every model is judged.

import { type DecodingRemark } from '../recognizer.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';
import { type GuardKind } from './guard-event.js';
import { hasRepetition } from './has-repetition.js';
import { countSpoken, toSpokenUnits } from './spoken-units.js';

/** The fastest speakers reach about 6 words a second for a sentence. */
const MOST_WORDS_PER_SECOND = 7;
/** What detection misses at the edges of speech, and what both sides of a seam hear, has words, too. */
const MORE_WORDS = 5;
/** Few people speak faster for as long as a segment lasts. */
const HURRIED_WORDS_PER_SECOND = 4.5;
/** Less speech holds no word. */
const LEAST_SPEECH_SECONDS = 0.25;
/** Digital silence is filled with noise of −60 dB (`fillDigitalSilence`); this is 1.5 dB above. */
const SILENCE_LEVEL = 1.2e-3;
/** Shorter speech may be a cough or a sigh. */
const SILENT_SPEECH_SECONDS = 2;
/** The editor corrects every tenth word or so; one that changes half of them is writing something else. */
const MOST_EDITED_SHARE = 0.5;
/** Half of fewer words is a word or two, as a correction may well be. */
const EDITED_WORDS = 4;

export type HeardText = {
  words: readonly { text: string }[];
  remarks: readonly DecodingRemark[];
  /** Detected speech in the segment. */
  speechSamples: number;
  /** Of its audio, see `computeLevel`. */
  level: number;
};

/** The guards that do not let the text pass; usually none. */
export function judgeSegment({ words, remarks, speechSamples, level }: HeardText): GuardKind[] {
  const speechSeconds = speechSamples / SAMPLE_RATE_HZ;
  const isSilence = speechSeconds < LEAST_SPEECH_SECONDS || level < SILENCE_LEVEL;
  const units = toSpokenUnits(words);
  const spokenWords = countSpoken(units);
  const guards: GuardKind[] = [];
  if (words.length === 0 && speechSeconds >= SILENT_SPEECH_SECONDS && !isSilence) {
    guards.push('no-words');
  }
  if (hasRepetition(units, { isHurried: spokenWords > HURRIED_WORDS_PER_SECOND * speechSeconds })) {
    guards.push('repetition');
  }
  if (
    spokenWords > MOST_WORDS_PER_SECOND * speechSeconds + MORE_WORDS ||
    remarks.some(({ kind }) => kind === 'cap-hit')
  ) {
    guards.push('overrun');
  }
  if (words.length > 0 && isSilence) guards.push('non-speech');
  const isRewritten = remarks.some(
    (remark) => remark.kind === 'draft-differs' && remark.share > MOST_EDITED_SHARE,
  );
  if (isRewritten && words.length >= EDITED_WORDS) guards.push('draft-differs');
  return guards;
}
