import { TranscriptError } from '../transcript-error.js';

/** One subtitle on screen. Times are whole milliseconds from the start of the recording. */
export type Cue = {
  startMs: number;
  endMs: number;
  /** One or two lines; a dialogue's lines begin with "- ". */
  lines: string[];
  /** The channel of all its words; null where channels were mixed, and in a dialogue. */
  channel: number | null;
  /** Only in a dialogue, where two channels share the cue: the channel of each line. */
  dialogue?: [number, number];
};

/** What a cue may look like. The defaults follow the published broadcast rules for Latin scripts. */
export type CueRules = {
  /** Widest line, in characters; an East Asian full-width character counts as two. @defaultValue 42 */
  lineWidth: number;
  /** @defaultValue 1000 */
  minDurationMs: number;
  /** @defaultValue 7000 */
  maxDurationMs: number;
  /** Kept free between two cues where the minimum duration allows it: two film frames. @defaultValue 83 */
  gapMs: number;
  /** How long a cue stays after its last word where there is room. @defaultValue 500 */
  lingerMs: number;
  /** The same for a cue that is too fast to read. @defaultValue 1000 */
  maxLingerMs: number;
  /** A pause between cues shorter than this is closed to `gapMs`. @defaultValue 500 */
  closedPauseMs: number;
  /** Comfortable reading speed, in characters per second. @defaultValue 17 */
  readingSpeed: number;
};

export const defaultCueRules: CueRules = {
  lineWidth: 42,
  minDurationMs: 1000,
  maxDurationMs: 7000,
  gapMs: 83,
  lingerMs: 500,
  maxLingerMs: 1000,
  closedPauseMs: 500,
  readingSpeed: 17,
};

const NARROWEST_LINE = 8;

/** @throws TranscriptError `CUE_RULES_INVALID` */
export function completeCueRules(rules: Partial<CueRules>): CueRules {
  const complete = { ...defaultCueRules, ...rules };
  for (const [name, value] of Object.entries(complete)) {
    if (value >= 0 && (Number.isSafeInteger(value) || name === 'readingSpeed')) continue;
    throw invalid(`${name} is ${value}; a whole number from 0 is accepted`);
  }
  const { lineWidth, minDurationMs, maxDurationMs, readingSpeed } = complete;
  if (lineWidth < NARROWEST_LINE) {
    throw invalid(`lineWidth is ${lineWidth}; at least ${NARROWEST_LINE} is accepted`);
  }
  if (minDurationMs > maxDurationMs) {
    throw invalid(`minDurationMs (${minDurationMs}) is above maxDurationMs (${maxDurationMs})`);
  }
  if (readingSpeed === 0) throw invalid('readingSpeed is 0; a number above 0 is accepted');
  return complete;
}

function invalid(reason: string): TranscriptError {
  return new TranscriptError('CUE_RULES_INVALID', `Cue rules cannot be used: ${reason}.`);
}
