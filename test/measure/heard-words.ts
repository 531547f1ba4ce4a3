import { type AlignmentStep, alignWords, SAMPLE_RATE_HZ, type Word } from '@stenofleet/asr-core';
import { normalizeText } from './normalize-text.js';

/** A stretch of a recording whose text and place are known. */
export type Clip = { channel: number; startSeconds: number; endSeconds: number; text: string };

/** A normalised word of the reference and the clip it belongs to. */
export type ReferenceWord = { text: string; clip: number };

/** A normalised word of the transcript with its place in seconds. */
export type HeardWord = { text: string; startSeconds: number; endSeconds: number };

/** One channel's clips and words, aligned word by word. */
export type ClipAlignment = {
  clips: readonly Clip[];
  reference: readonly ReferenceWord[];
  heard: readonly HeardWord[];
  steps: readonly AlignmentStep[];
};

export function alignWithClips(clips: readonly Clip[], words: readonly Word[]): ClipAlignment {
  const reference = clips.flatMap(({ text }, clip) =>
    normalizeText(text).map((word) => ({ text: word, clip })),
  );
  // A written word can be none or several once it is normalised ("well-known"); all share its times.
  const heard = words.flatMap(({ text, startSamples, endSamples }) =>
    normalizeText(text).map((word) => ({
      text: word,
      startSeconds: startSamples / SAMPLE_RATE_HZ,
      endSeconds: endSamples / SAMPLE_RATE_HZ,
    })),
  );
  const textOf = ({ text }: { text: string }) => text;
  return { clips, reference, heard, steps: alignWords(reference.map(textOf), heard.map(textOf)) };
}
