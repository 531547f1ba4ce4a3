import { type SpeechRegion } from '../speech/find-speech.js';
import { type Word } from '../transcript.js';

/**
 * Moves runs of estimated words, which were spread over all the room there was, into the speech in that room: a word
 * keeps its share of it and lies in one region. A run in whose room no speech was detected stays. Both lists are in
 * order.
 */
export function spreadOverSpeech(words: readonly Word[], speech: readonly SpeechRegion[]): Word[] {
  const spread: Word[] = [];
  let index = 0;
  while (index < words.length) {
    let end = index;
    while (end < words.length && words[end]!.timing === 'estimated') end += 1;
    if (end === index) {
      spread.push(words[index]!);
      index += 1;
      continue;
    }
    spread.push(...spreadRun(words.slice(index, end), speech));
    index = end;
  }
  return spread;
}

function spreadRun(run: readonly Word[], speech: readonly SpeechRegion[]): Word[] {
  const room = { startSamples: run[0]!.startSamples, endSamples: run.at(-1)!.endSamples };
  const regions = speech
    .filter(
      ({ startSamples, endSamples }) =>
        startSamples < room.endSamples && endSamples > room.startSamples,
    )
    .map(({ startSamples, endSamples }) => ({
      startSamples: Math.max(startSamples, room.startSamples),
      endSamples: Math.min(endSamples, room.endSamples),
    }));
  if (regions.length === 0) return [...run];
  const total = regions.reduce((sum, region) => sum + lengthOf(region), 0);
  const toSpoken = (position: number) => ((position - room.startSamples) / lengthOf(room)) * total;

  return run.map((word) => {
    const [from, until] = [toSpoken(word.startSamples), toSpoken(word.endSamples)];
    const home = findHome(regions, (from + until) / 2);
    const toSamples = (spoken: number) =>
      Math.round(
        Math.min(
          Math.max(home.startSamples, home.startSamples + spoken - home.spokenBefore),
          home.endSamples,
        ),
      );
    return { ...word, startSamples: toSamples(from), endSamples: toSamples(until) };
  });
}

/** The region that holds a position in speech, and how much speech lies before it. */
function findHome(
  regions: readonly SpeechRegion[],
  spoken: number,
): SpeechRegion & { spokenBefore: number } {
  let spokenBefore = 0;
  for (const region of regions) {
    if (spoken < spokenBefore + lengthOf(region)) return { ...region, spokenBefore };
    spokenBefore += lengthOf(region);
  }
  const last = regions.at(-1)!;
  return { ...last, spokenBefore: spokenBefore - lengthOf(last) };
}

function lengthOf({ startSamples, endSamples }: SpeechRegion): number {
  return endSamples - startSamples;
}
