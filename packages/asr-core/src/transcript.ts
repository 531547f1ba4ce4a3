// The words of this package. Positions are integer sample counts at 16 kHz on the recording's clock.

/** Sample rate of all audio inside this package, in Hz. */
export const SAMPLE_RATE_HZ = 16_000;

/** What a model emits: a vocabulary piece and the encoder frames it covers. */
export type Token = {
  tokenId: number;
  /** First encoder frame of the token, from the start of its segment. */
  startFrame: number;
  /** First encoder frame after the token. */
  endFrame: number;
  /** Natural log of the token's softmax probability (over tokens only, never durations). */
  logProbability: number;
};

/**
 * How a word's times were made: by the model itself; by aligning the text with the audio (another model's, or the
 * model's own draft); or by spreading the text over the speech that was detected.
 */
export const wordTimings = ['model', 'aligned', 'estimated'] as const;
export type WordTiming = (typeof wordTimings)[number];

/** A word with its place on the recording's clock. */
export type Word = {
  text: string;
  startSamples: number;
  endSamples: number;
  /** Mean softmax probability of the word's pieces, 0 to 1. */
  confidence: number;
  timing: WordTiming;
};

/**
 * Audio of one model pass. `[startSamples, endSamples)` is the stretch whose words this segment owns;
 * `[audioStartSamples, audioEndSamples)` is what the model hears: wider only where speech had to be cut
 * without a pause, so that both sides hear the whole word at the seam.
 */
export type Segment = {
  startSamples: number;
  endSamples: number;
  audioStartSamples: number;
  audioEndSamples: number;
  /** Detected speech within `[startSamples, endSamples)`. */
  speechSamples: number;
};
