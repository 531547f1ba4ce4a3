// Words of a segment onto the recording's clock.

import { type SegmentWord } from '../recognizer.js';
import { type Segment, type Word } from '../transcript.js';

/**
 * Puts the words of a segment on the recording's clock. Words without a place are spread over the room that their
 * neighbours leave, by their length in characters, and marked `estimated`.
 */
export function placeWords(words: readonly SegmentWord[], segment: Segment): Word[] {
  const length = segment.audioEndSamples - segment.audioStartSamples;
  const placed: Word[] = [];
  let index = 0;
  while (index < words.length) {
    const { text, confidence, place } = words[index]!;
    if (place) {
      placed.push({ text, confidence, ...shift(place, segment.audioStartSamples) });
      index += 1;
      continue;
    }
    let end = index + 1;
    while (end < words.length && !words[end]!.place) end += 1;
    const from = words[index - 1]?.place?.endSamples ?? 0;
    const until = words[end]?.place?.startSamples ?? length;
    placed.push(
      ...spread(words.slice(index, end), {
        startSamples: segment.audioStartSamples + from,
        endSamples: segment.audioStartSamples + Math.max(from, until),
      }),
    );
    index = end;
  }
  return placed;
}

function shift(
  { startSamples, endSamples, timing }: NonNullable<SegmentWord['place']>,
  by: number,
): Pick<Word, 'startSamples' | 'endSamples' | 'timing'> {
  return { startSamples: startSamples + by, endSamples: endSamples + by, timing };
}

function spread(
  words: readonly SegmentWord[],
  { startSamples, endSamples }: { startSamples: number; endSamples: number },
): Word[] {
  const total = words.reduce((sum, { text }) => sum + text.length, 0);
  const samplesPerCharacter = (endSamples - startSamples) / Math.max(1, total);
  let characters = 0;
  const boundary = () => Math.round(startSamples + characters * samplesPerCharacter);
  return words.map(({ text, confidence }) => {
    const start = boundary();
    characters += text.length;
    return { text, confidence, startSamples: start, endSamples: boundary(), timing: 'estimated' };
  });
}
