/** Far beyond any real level (60 dB above full scale), far below what overflows the spectrum. */
const MAX_LEVEL = 1_000;

/**
 * Makes every sample a number that can be computed with, in place: float recordings may hold NaN, infinities and huge
 * values, and a single one of them would make all features of its segment NaN, so that its words were lost in silence.
 */
export function repairSamples(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (Math.abs(value) <= MAX_LEVEL) continue;
    samples[i] = Number.isNaN(value) ? 0 : Math.sign(value) * MAX_LEVEL;
  }
}
