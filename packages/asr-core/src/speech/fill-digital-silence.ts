import { SAMPLE_RATE_HZ } from '../transcript.js';

/** Blocks are judged one by one: 10 ms. */
const BLOCK_SAMPLES = SAMPLE_RATE_HZ / 100;
/** Below this everywhere, a block holds no sound: less than 4 steps of 16 bits (µ-law's zero among them). */
const SILENCE_PEAK = 1e-4;
/** Level of the noise, root mean square (−60 dB). */
const NOISE_LEVEL = 1e-3;

/**
 * Fills digital silence with faint noise, in place. Models learned from recordings, which have a noise floor; blocks of
 * zeros lie at the guard of the logarithm and distort the normalisation of every feature of their segment. The noise
 * depends on the position alone (`startSamples`), so that a result can be repeated.
 */
export function fillDigitalSilence(samples: Float32Array, startSamples: number): void {
  const firstBlock = BLOCK_SAMPLES - (startSamples % BLOCK_SAMPLES);
  for (
    let from = 0, until = firstBlock;
    from < samples.length;
    from = until, until += BLOCK_SAMPLES
  ) {
    const end = Math.min(until, samples.length);
    if (!isSilent(samples, from, end)) continue;
    for (let i = from; i < end; i++) samples[i] = computeNoise(startSamples + i);
  }
}

function isSilent(samples: Float32Array, from: number, until: number): boolean {
  for (let i = from; i < until; i++) if (Math.abs(samples[i]!) > SILENCE_PEAK) return false;
  return true;
}

/** Uniform white noise as a function of the position (an integer hash, after Wang's). */
function computeNoise(position: number): number {
  let bits = Math.imul(position ^ 61 ^ (position >>> 16), 9);
  bits = Math.imul(bits ^ (bits >>> 4), 0x27d4eb2d);
  bits ^= bits >>> 15;
  const uniform = (bits >>> 0) / 2 ** 31 - 1;
  return uniform * NOISE_LEVEL * Math.sqrt(3);
}
