import { type SegmentWord } from '../recognizer.js';
import { type WordFrames } from './forced-align.js';
import { type SegmentFrames } from './words.js';

/**
 * How long the last piece of a word sounds after the frames in which it is heard, if no word follows sooner: a CTC model
 * says a piece at its beginning (0.14 s; docs/models/alignment.md, "Edges").
 */
const LAST_PIECE_SAMPLES = 2_240;

/** Words with the places that their frames give them; those without frames have none, and leave room for others. */
export function placeByFrames(
  words: readonly SegmentWord[],
  found: ReadonlyMap<number, WordFrames>,
  { samplesPerFrame, lengthSamples }: SegmentFrames,
): SegmentWord[] {
  const toSamples = (frame: number) => Math.min(frame * samplesPerFrame, lengthSamples);
  return words.map(({ text, confidence }, index) => {
    const frames = found.get(index);
    if (!frames) return { text, confidence };
    const heardUntil = toSamples(frames.endFrame);
    const next = found.get(index + 1);
    const limit = next ? toSamples(next.startFrame) : lengthSamples;
    const isFollowedByUnplaced = !next && index + 1 < words.length;
    return {
      text,
      confidence,
      place: {
        startSamples: toSamples(frames.startFrame),
        endSamples: isFollowedByUnplaced
          ? heardUntil
          : Math.min(heardUntil + LAST_PIECE_SAMPLES, limit),
        timing: 'aligned',
      },
    };
  });
}
