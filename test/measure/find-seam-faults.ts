// What goes wrong where a recording is cut: a stretch that nobody transcribed, or one that both sides did.

import { type ClipAlignment } from './heard-words.js';

/** From this many reference words in a row, deletions are a missing stretch. */
const MISSING_WORDS = 4;
/** A clip longer than this in which no word is heard is a missing stretch too. */
const SILENT_CLIP_SECONDS = 3;
/** From this many words on, a repetition that the reference does not have is a repeated seam. */
const REPEATED_WORDS = 2;
/** No seam repeats more. */
const LONGEST_REPETITION = 12;

export type SeamFault = { kind: 'missing' | 'repeated'; text: string; atSeconds: number };

export function findSeamFaults(alignment: ClipAlignment): SeamFault[] {
  return [
    ...findDeletedRuns(alignment),
    ...findSilentClips(alignment),
    ...findRepetitions(alignment),
  ].sort((a, b) => a.atSeconds - b.atSeconds);
}

function findDeletedRuns({ steps, reference, clips }: ClipAlignment): SeamFault[] {
  const faults: SeamFault[] = [];
  let run: { text: string; clip: number }[] = [];
  const closeRun = () => {
    const first = run[0];
    if (first && run.length >= MISSING_WORDS) {
      const text = run.map((word) => word.text).join(' ');
      faults.push({ kind: 'missing', text, atSeconds: clips[first.clip]?.startSeconds ?? 0 });
    }
    run = [];
  };
  for (const step of steps) {
    const word = step.kind === 'deletion' ? reference[step.reference] : undefined;
    if (word) run.push(word);
    else closeRun();
  }
  closeRun();
  return faults;
}

function findSilentClips({ clips, heard }: ClipAlignment): SeamFault[] {
  return clips
    .filter(
      ({ startSeconds, endSeconds }) =>
        endSeconds - startSeconds > SILENT_CLIP_SECONDS &&
        !heard.some((word) => word.startSeconds < endSeconds && word.endSeconds > startSeconds),
    )
    .map(({ text, startSeconds }) => ({ kind: 'missing', text, atSeconds: startSeconds }));
}

/**
 * Words that are followed by themselves. Which of the two the alignment calls inserted is a matter of taste, so their
 * insertions are counted together.
 */
function findRepetitions({ steps, heard }: ClipAlignment): SeamFault[] {
  const inserted = new Set(
    steps.flatMap((step) => (step.kind === 'insertion' ? [step.hypothesis] : [])),
  );
  const faults: SeamFault[] = [];
  for (let start = 0; start < heard.length; start++) {
    for (let size = LONGEST_REPETITION; size >= REPEATED_WORDS; size--) {
      const both = heard.slice(start, start + 2 * size);
      const insertions = both.filter((_, offset) => inserted.has(start + offset)).length;
      const isRepeated =
        both.length === 2 * size &&
        insertions >= size &&
        both.slice(0, size).every((word, offset) => word.text === both[size + offset]?.text);
      if (!isRepeated) continue;
      const text = both.map((word) => word.text).join(' ');
      faults.push({ kind: 'repeated', text, atSeconds: both[0]?.startSeconds ?? 0 });
      start += 2 * size - 1;
      break;
    }
  }
  return faults;
}
