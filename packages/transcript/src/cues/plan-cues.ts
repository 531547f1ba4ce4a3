import { type Cue, completeCueRules, type CueRules } from './cue.js';
import { cutPieces, type CueWord } from './cue-pieces.js';
import { planDrafts } from './plan-drafts.js';
import { timeCues } from './time-cues.js';
import { weighBreaks } from './weigh-breaks.js';

/** What cues are made of; a `TranscriptDocument` is one. */
export type CueSource = {
  recording: { durationSeconds: number };
  language: string | null;
  segments: readonly { words: readonly CueWord[] }[];
};

/**
 * Plans subtitles. Where rules conflict, the earlier wins: cues never overlap or leave the recording · at most two
 * lines of `lineWidth` · every word exactly once, in its channel's order · longest duration · shortest duration ·
 * gap · good breaks and reading speed.
 *
 * @throws TranscriptError `CUE_RULES_INVALID`
 */
export function planCues(source: CueSource, rules: Partial<CueRules> = {}): Cue[] {
  const complete = completeCueRules(rules);
  const limitMs = Math.round(source.recording.durationSeconds * 1000);
  const words = source.segments.flatMap((segment) => segment.words);
  const pieces = weighBreaks(cutPieces(words, limitMs, complete), source.language);
  return timeCues(planDrafts(pieces, limitMs, complete), limitMs, complete);
}
