// Finds what is said over and over in direct succession: the mark of a decoder that goes in circles. People repeat
// themselves, too ("no, no, no", laughter, a refrain), so it takes more than a repetition.

import { type SpokenUnit } from './spoken-units.js';

/** Longer passages do not come round within a segment. */
const MAX_PERIOD_UNITS = 120;
/** Twice may be meant: what goes in circles is said at least three times. */
const MIN_SAYINGS = 3;
/** Words said after the first time: "no" thirteen times, a phrase of four words four times, of six three times. */
const MIN_REPEATED_WORDS = 12;
/** A passage of so many words said twice is suspicious where there is hardly time to say it twice. */
const LONG_PASSAGE_WORDS = 8;

export type RepetitionOptions = {
  /** Whether there are more words than people usually say in the time. */
  isHurried: boolean;
};

export function hasRepetition(
  units: readonly SpokenUnit[],
  { isHurried }: RepetitionOptions,
): boolean {
  const spokenUntil = [0];
  for (const { weight } of units) spokenUntil.push(spokenUntil.at(-1)! + weight);
  const longest = Math.min(MAX_PERIOD_UNITS, Math.floor(units.length / 2));
  for (let period = 1; period <= longest; period++) {
    /** Units, up to this one, that equal the one a period earlier. */
    let run = 0;
    for (let i = period; i < units.length; i++) {
      run = units[i]!.text === units[i - period]!.text ? run + 1 : 0;
      if (run < period) continue;
      const repeatedWords = spokenUntil[i + 1]! - spokenUntil[i + 1 - run]!;
      const isLoop = run >= (MIN_SAYINGS - 1) * period && repeatedWords >= MIN_REPEATED_WORDS;
      if (isLoop || (isHurried && repeatedWords >= LONG_PASSAGE_WORDS * (run / period)))
        return true;
    }
  }
  return false;
}
