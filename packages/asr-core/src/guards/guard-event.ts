// What guards against invented, repeated and missing text found in a segment, and what came of it.

export const guardKinds = [
  /** The same words over and over. */
  'repetition',
  /** More text than anybody can say in the time, or a decoder that did not end. */
  'overrun',
  /** Text where speech detection and level say silence. */
  'non-speech',
  /** Speech without text. */
  'no-words',
  /** Text far from the model's own draft. */
  'draft-differs',
] as const;
export type GuardKind = (typeof guardKinds)[number];

/** `kept`: every other try was no better, and the text stays, flagged. */
export const guardOutcomes = ['other-cut', 'better-tier', 'kept'] as const;
export type GuardOutcome = (typeof guardOutcomes)[number];

/** One stretch of a recording that a guard did not let pass; JSON, positions on the recording's clock. */
export type GuardEvent = {
  guard: GuardKind;
  outcome: GuardOutcome;
  startSamples: number;
  endSamples: number;
};
