import { joinWords } from '../join-words.js';
import { type Cue, completeCueRules, type CueRules } from './cue.js';
import { measureWidth } from './text-width.js';

export type CueViolationName =
  | 'EMPTY_LINE'
  | 'TOO_MANY_LINES'
  | 'LINE_TOO_WIDE'
  | 'NOT_WHOLE_MILLISECONDS'
  | 'ENDS_BEFORE_START'
  | 'OUTSIDE_RECORDING'
  | 'OVERLAPS_PREVIOUS'
  | 'TOO_LONG'
  | 'TOO_SHORT'
  | 'GAP_TOO_SMALL'
  | 'READ_TOO_FAST';

export type CueViolation = {
  name: CueViolationName;
  /** Index of the cue. */
  cue: number;
  message: string;
};

const MAX_LINES = 2;

/**
 * Names every rule that cues (in order) break. The first eight names are never true of planned cues; the others are,
 * where the speech leaves no room.
 */
export function validateCues(
  cues: readonly Cue[],
  { durationSeconds, rules = {} }: { durationSeconds: number; rules?: Partial<CueRules> },
): CueViolation[] {
  const complete = completeCueRules(rules);
  const limitMs = Math.round(durationSeconds * 1000);
  return cues.flatMap((cue, index) => {
    const broken = [
      ...checkLines(cue, complete),
      ...checkTimes(cue, limitMs, complete),
      ...checkNeighbour(cue, cues[index - 1], complete),
    ];
    return broken.map(([name, message]) => ({ name, cue: index, message }));
  });
}

type Broken = [name: CueViolationName, message: string];

function checkLines({ lines }: Cue, rules: CueRules): Broken[] {
  const broken: Broken[] = [];
  if (lines.length === 0 || lines.some((line) => line.trim() === '')) {
    broken.push(['EMPTY_LINE', 'A line has no text.']);
  }
  if (lines.length > MAX_LINES) {
    broken.push(['TOO_MANY_LINES', `${lines.length} lines; at most ${MAX_LINES}.`]);
  }
  const widest = Math.max(0, ...lines.map(measureWidth));
  if (widest > rules.lineWidth) {
    broken.push(['LINE_TOO_WIDE', `A line of ${widest}; at most ${rules.lineWidth}.`]);
  }
  return broken;
}

function checkTimes({ startMs, endMs, lines }: Cue, limitMs: number, rules: CueRules): Broken[] {
  const broken: Broken[] = [];
  const durationMs = endMs - startMs;
  if (!Number.isInteger(startMs) || !Number.isInteger(endMs)) {
    broken.push(['NOT_WHOLE_MILLISECONDS', `${startMs} to ${endMs} ms.`]);
  }
  if (durationMs < 0) broken.push(['ENDS_BEFORE_START', `${startMs} to ${endMs} ms.`]);
  if (startMs < 0 || endMs > limitMs) {
    broken.push(['OUTSIDE_RECORDING', `${startMs} to ${endMs} ms; it has ${limitMs} ms.`]);
  }
  if (durationMs < rules.minDurationMs) {
    broken.push(['TOO_SHORT', `${durationMs} ms; at least ${rules.minDurationMs}.`]);
  }
  if (durationMs > rules.maxDurationMs) {
    broken.push(['TOO_LONG', `${durationMs} ms; at most ${rules.maxDurationMs}.`]);
  }
  const charactersPerSecond = (measureWidth(joinWords(lines)) * 1000) / durationMs;
  if (charactersPerSecond > rules.readingSpeed) {
    const speed = charactersPerSecond.toFixed(1);
    broken.push(['READ_TOO_FAST', `${speed} characters/s; at most ${rules.readingSpeed}.`]);
  }
  return broken;
}

function checkNeighbour(cue: Cue, previous: Cue | undefined, rules: CueRules): Broken[] {
  if (previous === undefined) return [];
  const gapMs = cue.startMs - previous.endMs;
  if (gapMs < 0) return [['OVERLAPS_PREVIOUS', `By ${-gapMs} ms.`]];
  if (gapMs >= rules.gapMs) return [];
  return [['GAP_TOO_SMALL', `${gapMs} ms; at least ${rules.gapMs}.`]];
}
