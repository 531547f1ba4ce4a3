import { SAMPLE_RATE_HZ } from '../transcript.js';

/** Shorter sounds are clicks rather than speech: 100 ms. */
const STRETCH_SAMPLES = SAMPLE_RATE_HZ / 10;

/** Root mean square of the loudest 100 ms, 0 to 1; of less audio than that, of all there is. */
export function computeLevel(samples: Float32Array): number {
  let loudest = 0;
  for (let from = 0; from < samples.length; from += STRETCH_SAMPLES) {
    // The last stretch reaches back for its length.
    const end = Math.min(from + STRETCH_SAMPLES, samples.length);
    const start = Math.max(0, end - STRETCH_SAMPLES);
    let sum = 0;
    for (let i = start; i < end; i++) sum += samples[i]! * samples[i]!;
    loudest = Math.max(loudest, sum / (end - start));
  }
  return Math.sqrt(loudest);
}
