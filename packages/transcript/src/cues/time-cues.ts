// When each cue appears and goes. What is kept, first to last: no overlap and nothing outside the recording,
// the longest duration, the shortest duration, the gap.
import { joinWords } from '../join-words.js';
import { type Cue, type CueRules } from './cue.js';
import { type CueDraft } from './plan-drafts.js';
import { measureWidth } from './text-width.js';

/** A cue that would vanish too soon may make the next one appear this much after its first word. */
const MAX_DELAY_MS = 500;

/** Gives drafts (by start) their times in whole milliseconds within `[0, limitMs]`. */
export function timeCues(drafts: readonly CueDraft[], limitMs: number, rules: CueRules): Cue[] {
  const starts = planStarts(drafts, limitMs, rules);
  return drafts.map((draft, index) => {
    const startMs = starts[index] ?? 0;
    const { lines, channel, dialogue } = draft;
    return {
      startMs,
      endMs: planEnd(draft, { startMs, nextStartMs: starts[index + 1], limitMs, rules }),
      lines,
      channel,
      ...(dialogue !== undefined && { dialogue }),
    };
  });
}

function planStarts(drafts: readonly CueDraft[], limitMs: number, rules: CueRules): number[] {
  const starts = drafts.map((draft) => draft.speechStartMs);
  const startAt = (index: number) => starts[index] ?? limitMs;

  // A cue without room appears early, in the silence before it.
  for (const [index, draft] of [...drafts.entries()].reverse()) {
    const latest = startAt(index + 1) - rules.minDurationMs;
    if (draft.speechStartMs > latest) {
      starts[index] = Math.min(draft.speechStartMs, Math.max(draft.earliestStartMs, latest));
    }
  }
  // Where that is not enough the next cue appears late, as long as it keeps its own minimum.
  for (let index = 0; index + 1 < drafts.length; index++) {
    const missing = startAt(index) + rules.minDurationMs - startAt(index + 1);
    const spare = startAt(index + 2) - rules.minDurationMs - startAt(index + 1);
    const delay = Math.min(missing, spare, MAX_DELAY_MS);
    if (delay > 0) starts[index + 1] = startAt(index + 1) + delay;
  }
  return separate(starts, limitMs);
}

/** Words that all claim one instant still give cues one after another, a millisecond each at least. */
function separate(starts: readonly number[], limitMs: number): number[] {
  let earliest = 0;
  const rising = starts.map((start) => {
    const separated = Math.max(start, earliest);
    earliest = separated + 1;
    return separated;
  });
  let latest = limitMs;
  return rising
    .toReversed()
    .map((start) => {
      latest = Math.max(0, Math.min(start, latest - 1));
      return latest;
    })
    .reverse();
}

type EndContext = {
  startMs: number;
  nextStartMs: number | undefined;
  limitMs: number;
  rules: CueRules;
};

function planEnd(draft: CueDraft, { startMs, nextStartMs, limitMs, rules }: EndContext): number {
  const freeUntilMs = nextStartMs ?? limitMs;
  const gapStartMs = nextStartMs === undefined ? limitMs : nextStartMs - rules.gapMs;
  const characters = measureWidth(joinWords(draft.lines));
  const readMs = startMs + (characters * 1000) / rules.readingSpeed;
  let endMs = Math.max(
    draft.speechEndMs + rules.lingerMs,
    Math.min(readMs, draft.speechEndMs + rules.maxLingerMs),
  );
  if (freeUntilMs - endMs < rules.closedPauseMs) endMs = gapStartMs;
  const minimumEndMs = startMs + rules.minDurationMs;
  return Math.min(
    Math.max(Math.round(Math.min(endMs, gapStartMs)), minimumEndMs),
    startMs + rules.maxDurationMs,
    freeUntilMs,
  );
}
