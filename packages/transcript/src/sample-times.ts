// Sample positions become seconds here, and nowhere else: rounded to milliseconds, and inside the recording.

export const SAMPLE_RATE_HZ = 16_000;
const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1000;

/** A stretch of a recording, in samples at 16 kHz from its start. */
export type SampleStretch = { startSamples: number; endSamples: number };

export function toMs(samples: number, durationMs: number): number {
  return Math.min(Math.max(0, Math.round(samples / SAMPLES_PER_MS)), durationMs);
}

export function toSeconds(samples: number, durationMs: number): number {
  return toMs(samples, durationMs) / 1000;
}
