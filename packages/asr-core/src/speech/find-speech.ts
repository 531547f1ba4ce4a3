import { SAMPLE_RATE_HZ } from '../transcript.js';
import { VAD_FRAME_SAMPLES } from './silero-vad.js';

/** A stretch of detected speech, `[startSamples, endSamples)` on the recording's clock. */
export type SpeechRegion = { startSamples: number; endSamples: number };

export type SpeechOptions = {
  /** Probability at which speech begins. @defaultValue 0.5 */
  threshold?: number;
  /** Probability below which speech may end. @defaultValue threshold − 0.15 */
  endThreshold?: number;
  /** Shorter stretches are not speech. @defaultValue 250 */
  minSpeechMs?: number;
  /** Shorter pauses do not end speech. @defaultValue 100 */
  minSilenceMs?: number;
  /** Added on both sides of each stretch. @defaultValue 30 */
  padMs?: number;
};

/**
 * Turns probabilities, as they come, into speech regions.
 *
 *     quiet ── p ≥ threshold ──▶ speech ── p < endThreshold ──▶ fading ── for minSilence ──▶ quiet (region closed)
 *                                   ▲───────── p ≥ threshold ──────┘
 */
export interface SpeechFinder {
  /** Takes the next frames' probabilities; returns the regions that are now certain. */
  push(probabilities: Float32Array): SpeechRegion[];
  /** Ends the stream at `totalSamples`; returns the last region, if speech was going on. */
  finish(totalSamples: number): SpeechRegion[];
  /** The region that is still open, as far as it is certain. */
  readonly open: SpeechRegion | undefined;
  /** Up to here later frames change nothing. */
  readonly settledUntilSamples: number;
}

/** Defaults are onnx-asr's. */
export function createSpeechFinder({
  threshold = 0.5,
  endThreshold = threshold - 0.15,
  minSpeechMs = 250,
  minSilenceMs = 100,
  padMs = 30,
}: SpeechOptions = {}): SpeechFinder {
  const toSamples = (ms: number) => Math.round((ms / 1000) * SAMPLE_RATE_HZ);
  const minSpeechSamples = toSamples(minSpeechMs);
  // Two paddings must fit into the shortest pause, or neighbours would overlap.
  const minSilenceSamples = Math.max(toSamples(minSilenceMs), 2 * toSamples(padMs));
  const padSamples = toSamples(padMs);
  let position = 0;
  let speechStart: number | undefined;
  let fadeStart: number | undefined;

  const pad = (start: number, end: number): SpeechRegion => ({
    startSamples: Math.max(0, start - padSamples),
    endSamples: end + padSamples,
  });
  const isLongEnough = (start: number, end: number) => end - start >= minSpeechSamples;

  return {
    push(probabilities) {
      const closed: SpeechRegion[] = [];
      for (const probability of probabilities) {
        if (probability >= threshold) {
          speechStart ??= position;
          fadeStart = undefined;
        } else if (speechStart !== undefined && probability < endThreshold) {
          fadeStart ??= position;
        }
        position += VAD_FRAME_SAMPLES;
        if (
          speechStart !== undefined &&
          fadeStart !== undefined &&
          position - fadeStart >= minSilenceSamples
        ) {
          if (isLongEnough(speechStart, fadeStart)) closed.push(pad(speechStart, fadeStart));
          speechStart = undefined;
          fadeStart = undefined;
        }
      }
      return closed;
    },
    finish(totalSamples) {
      if (speechStart === undefined) return [];
      const start = speechStart;
      const end = Math.min(fadeStart ?? totalSamples, totalSamples);
      speechStart = undefined;
      position = totalSamples;
      if (!isLongEnough(start, end)) return [];
      const region = pad(start, end);
      return [{ ...region, endSamples: Math.min(region.endSamples, totalSamples) }];
    },
    get open() {
      if (speechStart === undefined) return undefined;
      const end = fadeStart ?? position;
      if (!isLongEnough(speechStart, end)) return undefined;
      return { startSamples: Math.max(0, speechStart - padSamples), endSamples: end };
    },
    get settledUntilSamples() {
      if (speechStart === undefined) return Math.max(0, position - padSamples);
      const end = fadeStart ?? position;
      return isLongEnough(speechStart, end) ? end : Math.max(0, speechStart - padSamples);
    },
  };
}
