import { type SpeechRegion } from '../speech/find-speech.js';
import { type Word } from '../transcript.js';

/** How far a word's times may be off, and how long speech may sound before and after it (0.25 s). */
const TOLERANCE_SAMPLES = 4_000;
/** A longer pause separates stretches (1 s). */
const PAUSE_SAMPLES = 16_000;
/** Speech of at least this length without a word is named (2 s). */
const NAMED_SAMPLES = 32_000;

/** Detected speech that no word covers. */
export type Uncovered = {
  /** All of it, without the pauses in it. */
  samples: number;
  /** Stretches that hold two seconds of it or more, in order. */
  stretches: SpeechRegion[];
};

type Stretch = SpeechRegion & { speechSamples: number };

/** Compares the words of one channel with its speech; both are in order. */
export function findUncovered(speech: readonly SpeechRegion[], words: readonly Word[]): Uncovered {
  const stretches: Stretch[] = [];
  let first = 0;
  let from = 0;
  for (const word of [...words, undefined]) {
    const until = word ? word.startSamples - TOLERANCE_SAMPLES : Infinity;
    while (first < speech.length && speech[first]!.endSamples <= from) first += 1;
    let open: Stretch | undefined;
    for (let at = first; at < speech.length && speech[at]!.startSamples < until; at++) {
      const startSamples = Math.max(from, speech[at]!.startSamples);
      const endSamples = Math.min(until, speech[at]!.endSamples);
      if (endSamples <= startSamples) continue;
      if (!open || startSamples - open.endSamples > PAUSE_SAMPLES) {
        open = { startSamples, endSamples, speechSamples: 0 };
        stretches.push(open);
      }
      open.endSamples = endSamples;
      open.speechSamples += endSamples - startSamples;
    }
    if (word) from = Math.max(from, word.endSamples + TOLERANCE_SAMPLES);
  }
  return {
    samples: stretches.reduce((sum, { speechSamples }) => sum + speechSamples, 0),
    stretches: stretches
      .filter(({ speechSamples }) => speechSamples >= NAMED_SAMPLES)
      .map(({ startSamples, endSamples }) => ({ startSamples, endSamples })),
  };
}
