// Which words share a cue: the cheapest way to cut the pieces into cues, found by dynamic programming.
// best[n] is the cheapest plan for the first n pieces; a cue holds a bounded number of pieces, so time is linear.
import { type Cue, type CueRules } from './cue.js';
import { fitsDialogue, planLines, widthOf, writeDialogue, writeLines } from './layout-lines.js';
import { type WeighedPiece } from './weigh-breaks.js';

const CUE_COST = 12;
const DIALOGUE_COST = 14;
const TOO_FAST_PER_CHARACTER = 2.5;
const BRIEF_COST = 48;
const BRIEF_MS = 1600;
/** Above everything that taste can add up to: the minimum duration is a rule. */
const BELOW_MINIMUM_COST = 1e6;

/** A cue's text, with the times of its speech. */
export type CueDraft = Pick<Cue, 'lines' | 'channel' | 'dialogue'> & {
  /** First word's start. */
  speechStartMs: number;
  /** Last word's end. */
  speechEndMs: number;
  /** Earliest start that takes no time from speech or from the cue before. */
  earliestStartMs: number;
};

type Plan = { cost: number; last?: { before: Plan; first: number; earliestStartMs: number } };
/** Pieces of one channel within a cue. */
type Voice = WeighedPiece[];
type Reach = { earliestStartMs: number; limitMs: number; rules: CueRules };

/** Cuts pieces (by start) into cue texts that keep the line and duration rules; every piece lands in one. */
export function planDrafts(
  pieces: readonly WeighedPiece[],
  limitMs: number,
  rules: CueRules,
): CueDraft[] {
  const best: Plan[] = [{ cost: 0 }];
  let spokenUntilMs = 0;
  for (const [first, piece] of pieces.entries()) {
    const before = best[first];
    // A piece alone always makes a cue, so every position is reached.
    if (before === undefined) continue;
    const previousStartMs = pieces[first - 1]?.startMs ?? -rules.minDurationMs;
    const borrowedMs = Math.max(
      spokenUntilMs,
      previousStartMs + rules.minDurationMs,
      piece.startMs - rules.minDurationMs,
    );
    const earliestStartMs = Math.min(piece.startMs, borrowedMs);
    for (const { end, cost } of candidatesFrom(first, pieces, {
      earliestStartMs,
      limitMs,
      rules,
    })) {
      const total = before.cost + cost;
      const known = best[end];
      if (known === undefined || total < known.cost) {
        best[end] = { cost: total, last: { before, first, earliestStartMs } };
      }
    }
    spokenUntilMs = Math.max(spokenUntilMs, piece.endMs);
  }
  return writeDrafts(pieces, best[pieces.length], rules.lineWidth);
}

/** Every cue that begins with piece `first` and keeps the rules, shortest first. */
function* candidatesFrom(
  first: number,
  pieces: readonly WeighedPiece[],
  { earliestStartMs, limitMs, rules }: Reach,
): Generator<{ end: number; cost: number }> {
  const voices: Voice[] = [];
  const startMs = pieces[first]?.startMs ?? 0;
  let endMs = 0;
  for (let index = first; index < pieces.length; index++) {
    const piece = pieces[index];
    if (piece === undefined) return;
    addToVoice(voices, piece);
    endMs = Math.max(endMs, piece.endMs);
    if (index > first && endMs - startMs > rules.maxDurationMs) return;
    const layoutCost = weighLayout(voices, rules.lineWidth);
    if (layoutCost === undefined) return;
    const roomMs = (pieces[index + 1]?.startMs ?? limitMs) - earliestStartMs;
    const timeCost = weighTime(
      { width: widthOfAll(voices), spokenMs: endMs - startMs, roomMs },
      rules,
    );
    yield { end: index + 1, cost: CUE_COST + layoutCost + weighText(voices) + timeCost };
  }
}

function addToVoice(voices: Voice[], piece: WeighedPiece): void {
  const voice = voices.find(([begun]) => begun?.channel === piece.channel);
  if (voice === undefined) voices.push([piece]);
  else voice.push(piece);
}

/** Undefined when the voices do not fit in one cue. */
function weighLayout([first = [], second, third]: Voice[], lineWidth: number): number | undefined {
  if (second === undefined) return planLines(first, lineWidth)?.cost;
  const fits = third === undefined && fitsDialogue(first, second, lineWidth);
  return fits ? DIALOGUE_COST : undefined;
}

/** Each channel pays for the break after its last piece, and for the breaks it runs over. */
function weighText(voices: readonly Voice[]): number {
  let cost = 0;
  for (const voice of voices) {
    for (const piece of voice) cost += piece.runOnCost;
    const last = voice.at(-1);
    if (last !== undefined) cost += last.cueBreakCost - last.runOnCost;
  }
  return cost;
}

function weighTime(
  { width, spokenMs, roomMs }: { width: number; spokenMs: number; roomMs: number },
  rules: CueRules,
): number {
  if (roomMs < rules.minDurationMs) {
    return BELOW_MINIMUM_COST * (1 + (rules.minDurationMs - roomMs) / rules.minDurationMs);
  }
  const wantedMs = Math.max(rules.minDurationMs, spokenMs + rules.maxLingerMs);
  const shownMs = Math.max(1, Math.min(roomMs - rules.gapMs, rules.maxDurationMs, wantedMs));
  const tooFast = Math.max(0, (width * 1000) / shownMs - rules.readingSpeed);
  const brief = Math.max(0, BRIEF_MS - shownMs) / BRIEF_MS;
  return tooFast * TOO_FAST_PER_CHARACTER + brief * BRIEF_COST;
}

function widthOfAll(voices: readonly Voice[]): number {
  let width = 0;
  for (const voice of voices) width += widthOf(voice);
  return width;
}

function writeDrafts(
  pieces: readonly WeighedPiece[],
  plan: Plan | undefined,
  lineWidth: number,
): CueDraft[] {
  const drafts: CueDraft[] = [];
  let end = pieces.length;
  for (let last = plan?.last; last !== undefined; last = last.before.last) {
    const own = pieces.slice(last.first, end);
    drafts.push({
      ...writeText(own, lineWidth),
      speechStartMs: own[0]?.startMs ?? 0,
      speechEndMs: own.reduce((endMs, piece) => Math.max(endMs, piece.endMs), 0),
      earliestStartMs: last.earliestStartMs,
    });
    end = last.first;
  }
  return drafts.reverse();
}

function writeText(
  pieces: readonly WeighedPiece[],
  lineWidth: number,
): Pick<Cue, 'lines' | 'channel' | 'dialogue'> {
  const voices: Voice[] = [];
  for (const piece of pieces) addToVoice(voices, piece);
  const [first = [], second] = voices;
  if (second === undefined) {
    const plan = planLines(first, lineWidth) ?? { cost: 0 };
    return { lines: writeLines(first, plan), channel: first[0]?.channel ?? null };
  }
  const [upper, lower] = orderVoices(first, second);
  return {
    lines: writeDialogue(upper, lower),
    channel: null,
    dialogue: [upper[0]?.channel ?? 0, lower[0]?.channel ?? 0],
  };
}

/** Who began to speak first stands above, in every cue of a stretch in which both talk. */
function orderVoices(first: Voice, second: Voice): [upper: Voice, lower: Voice] {
  const overlap = (second[0]?.startMs ?? 0) < (first.at(-1)?.endMs ?? 0);
  const secondBegan = (second[0]?.turnStartMs ?? 0) < (first[0]?.turnStartMs ?? 0);
  return overlap && secondBegan ? [second, first] : [first, second];
}
