// Word times against the known places of clips: does the first word begin where its clip begins, and does every word
// lie inside its clip?

import { type AlignmentStep } from '@stenofleet/asr-core';
import { type Clip, type ClipAlignment, type HeardWord } from './heard-words.js';

/** How far a word may reach out of its clip, in seconds. */
const CLIP_TOLERANCE_SECONDS = 0.3;

export type StrayWord = { word: HeardWord; clips: readonly Clip[] };

export type WordTimes = {
  /** Start of each clip's first word minus the clip's start, signed, in ms; clips whose first word was missed are left out. */
  startOffsetsMs: number[];
  /** End of each clip's last word minus the clip's end, likewise. */
  endOffsetsMs: number[];
  /** Words heard. */
  words: number;
  /** Those that lie outside their clip by more than 300 ms. */
  strays: StrayWord[];
};

export function measureWordTimes(alignment: ClipAlignment): WordTimes {
  const { clips, heard } = alignment;
  const homes = findHomes(alignment);
  const strays = heard.flatMap((word, index) => {
    const home = (homes[index] ?? []).flatMap((clip) => clips[clip] ?? []);
    return home.some((clip) => liesInside(word, clip)) ? [] : [{ word, clips: home }];
  });
  return { ...measureEdges(alignment), words: heard.length, strays };
}

/** Times of several channels or recordings taken together. */
export function mergeWordTimes(all: readonly WordTimes[]): WordTimes {
  return {
    startOffsetsMs: all.flatMap(({ startOffsetsMs }) => startOffsetsMs),
    endOffsetsMs: all.flatMap(({ endOffsetsMs }) => endOffsetsMs),
    words: all.reduce((sum, { words }) => sum + words, 0),
    strays: all.flatMap(({ strays }) => strays),
  };
}

function liesInside(word: HeardWord, clip: Clip): boolean {
  return (
    word.startSeconds >= clip.startSeconds - CLIP_TOLERANCE_SECONDS &&
    word.endSeconds <= clip.endSeconds + CLIP_TOLERANCE_SECONDS
  );
}

/** For each heard word the clip of its partner; an inserted word may belong to the clip before or behind it. */
function findHomes({ steps, reference, heard }: ClipAlignment): number[][] {
  const homes: number[][] = heard.map(() => []);
  const assign = (ordered: Iterable<AlignmentStep>) => {
    let clip: number | undefined;
    for (const step of ordered) {
      if (step.kind !== 'insertion') clip = reference[step.reference]?.clip;
      if (step.kind === 'deletion' || clip === undefined) continue;
      const home = homes[step.hypothesis];
      if (home && !home.includes(clip)) home.push(clip);
    }
  };
  assign(steps);
  assign([...steps].reverse());
  return homes;
}

function measureEdges({ clips, reference, heard, steps }: ClipAlignment) {
  const partners = new Map<number, HeardWord>();
  for (const step of steps) {
    if (step.kind !== 'match' && step.kind !== 'substitution') continue;
    const word = heard[step.hypothesis];
    if (word) partners.set(step.reference, word);
  }
  const startOffsetsMs: number[] = [];
  const endOffsetsMs: number[] = [];
  clips.forEach(({ startSeconds, endSeconds }, clip) => {
    const first = partners.get(reference.findIndex((word) => word.clip === clip));
    const last = partners.get(reference.findLastIndex((word) => word.clip === clip));
    if (first) startOffsetsMs.push(1000 * (first.startSeconds - startSeconds));
    if (last) endOffsetsMs.push(1000 * (last.endSeconds - endSeconds));
  });
  return { startOffsetsMs, endOffsetsMs };
}
