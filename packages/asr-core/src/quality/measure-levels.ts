// How loud a channel is, measured while its audio passes.

import { VAD_FRAME_SAMPLES } from '../speech/silero-vad.js';

/** All but full scale: rounding may have taken a little. */
const FULL_SCALE = 0.999;
/** A shorter stretch may be a peak that just fits. Resampled from 44.1 kHz, of what was clipped 80 to 95 % is found. */
const CLIPPED_RUN_SAMPLES = 3;
/** Mean square of what is called silence: −60 dBFS. */
const SILENCE_POWER = 1e-6;

/** Sums over one channel, from which its levels follow; JSON, full scale is 1. */
export type LevelSums = {
  samples: number;
  /** Largest absolute value. */
  peak: number;
  squareSum: number;
  /** Samples in stretches at full scale. */
  clippedSamples: number;
  /** Samples of frames (32 ms) below −60 dBFS, digital silence among them. */
  silentSamples: number;
};

export interface LevelMeter {
  /** Takes the next block: a multiple of 512 samples, but for the last. */
  push(samples: Float32Array): void;
  /** Of all blocks so far. */
  getSums(): LevelSums;
}

export function createLevelMeter(): LevelMeter {
  const sums = { samples: 0, peak: 0, squareSum: 0, clippedSamples: 0, silentSamples: 0 };
  let runSamples = 0;

  const countClipped = (samples: Float32Array, from: number, until: number) => {
    for (let i = from; i < until; i++) {
      runSamples = Math.abs(samples[i]!) < FULL_SCALE ? 0 : runSamples + 1;
      if (runSamples === CLIPPED_RUN_SAMPLES) sums.clippedSamples += CLIPPED_RUN_SAMPLES;
      else if (runSamples > CLIPPED_RUN_SAMPLES) sums.clippedSamples += 1;
    }
  };
  const pushFrame = (samples: Float32Array, from: number, until: number) => {
    let squareSum = 0;
    let peak = 0;
    for (let i = from; i < until; i++) {
      const level = Math.abs(samples[i]!);
      squareSum += level * level;
      if (level > peak) peak = level;
    }
    if (peak > sums.peak) sums.peak = peak;
    if (peak < FULL_SCALE) runSamples = 0;
    else countClipped(samples, from, until);
    sums.squareSum += squareSum;
    sums.samples += until - from;
    if (squareSum < SILENCE_POWER * (until - from)) sums.silentSamples += until - from;
  };

  return {
    push(samples) {
      for (let from = 0; from < samples.length; from += VAD_FRAME_SAMPLES) {
        pushFrame(samples, from, Math.min(from + VAD_FRAME_SAMPLES, samples.length));
      }
    },
    getSums: () => ({ ...sums }),
  };
}
