/** Far beyond any real level (48 dB above full scale), far below what overflows the spectrum; FLAC's 24 bits hold it. */
const MAX_LEVEL = 255;
/** Steps of 16 bits in full scale. */
const STEPS = 32_768;

/**
 * Makes every sample a number that can be computed with, and that can be stored without loss, in place. Float recordings
 * may hold NaN, infinities and huge values, and a single one of them would make all features of its segment NaN, so that
 * its words were lost in silence. Rounding to steps of 16 bits (98 dB below full scale) is what lets a chunk that was
 * stored come out as one that was not.
 */
export function repairSamples(samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    const level = Math.abs(value) <= MAX_LEVEL ? value : limit(value);
    // What Math.round gives for numbers of 24 bits, several times as fast.
    samples[i] = Math.floor(level * STEPS + 0.5) / STEPS;
  }
}

function limit(value: number): number {
  return Number.isNaN(value) ? 0 : Math.sign(value) * MAX_LEVEL;
}
