import { type SpeechRegion } from '../speech/find-speech.js';
import { type Word } from '../transcript.js';

/** Speech detection may hear a soft beginning late and a soft ending early by this much (0.1 s). */
const TOLERANCE_SAMPLES = 1_600;

/** A word that ends in silence this shortly before speech was placed too early: it is that speech's first (0.5 s). */
const ONSET_SAMPLES = 8_000;
/** Longest that such a word is made (0.3 s). */
const MOVED_WORD_SAMPLES = 4_800;

/**
 * Takes the silence before and behind speech away from words that reach into it, and moves a word that lies wholly in
 * the silence just before speech to where that begins: transducers like to place the first token of a segment on its
 * first frame. Other words outside speech stay as they are. Both lists are in order; starts stay in order.
 */
export function clipToSpeech(words: readonly Word[], speech: readonly SpeechRegion[]): Word[] {
  let first = 0;
  return words.map((word, index) => {
    while (first < speech.length && speech[first]!.endSamples <= word.startSamples) first += 1;
    let last = first;
    while (last + 1 < speech.length && speech[last + 1]!.startSamples < word.endSamples) last += 1;
    const [from, until] = [speech[first], speech[last]];
    if (!from || !until) return word;
    const earliest = from.startSamples - TOLERANCE_SAMPLES;
    if (from.startSamples < word.endSamples) {
      return {
        ...word,
        startSamples: Math.max(word.startSamples, earliest),
        endSamples: Math.min(word.endSamples, until.endSamples + TOLERANCE_SAMPLES),
      };
    }
    if (from.startSamples - word.endSamples > ONSET_SAMPLES || word.startSamples >= earliest) {
      return word;
    }
    const nextStart = words[index + 1]?.startSamples ?? from.endSamples;
    const endSamples = Math.min(nextStart, earliest + MOVED_WORD_SAMPLES);
    return { ...word, startSamples: earliest, endSamples: Math.max(earliest, endSamples) };
  });
}
