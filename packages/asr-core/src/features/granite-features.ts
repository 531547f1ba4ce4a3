// Granite Speech's front end (docs/models/granite.md, "Front end"):
//   512-point frames every 160 samples, the signal reflected at both ends → periodic Hann 400 in the middle → |X|² → HTK
//   mel → the tail that fills no row is dropped → log10 → floor at 8 below the utterance's maximum → x/4 + 1 → pairs of
//   frames side by side.
// Not done: pre-emphasis, dither, normalisation by bin.

import { type RealFft, createRealFft } from './fft.js';
import { createMelSpectrum } from './mel-spectrum.js';
import { computePeriodicHann } from './windows.js';

/** Samples of one row: two frames. */
export const ROW_SAMPLES = 320;
const HOP_SAMPLES = 160;
const FFT_SIZE = 512;
const WINDOW_SAMPLES = 400;
const MIN_ENERGY = 1e-10;
const DYNAMIC_RANGE = 8;

export type GraniteFeatures = {
  /** Stacked log-mel `[numRows, 2 · numMels]`, row-major: the even frame's bins, then the odd one's. */
  data: Float32Array;
  numRows: number;
  /** Rows that count, the first ones. */
  validRows: number;
};

/** Computes features; one instance belongs to one thread. The result is the caller's. */
export interface GraniteFeatureExtractor {
  /** Of floor(samples / 320) rows, so of none for less than 20 ms. */
  computeFeatures(samples: Float32Array): GraniteFeatures;
}

export async function createGraniteFeatureExtractor(
  numMels: number,
): Promise<GraniteFeatureExtractor> {
  const fft: RealFft = await createRealFft(FFT_SIZE);
  const spectrum = createMelSpectrum(fft, {
    window: computePeriodicHann(WINDOW_SAMPLES),
    numMels,
    dialect: 'htk',
  });
  const energies = new Float64Array(numMels);

  return {
    computeFeatures(samples) {
      const numRows = Math.floor(samples.length / ROW_SAMPLES);
      const numFrames = 2 * numRows;
      const data = new Float32Array(numFrames * numMels);
      if (numRows === 0) return { data, numRows, validRows: 0 };
      const padded = reflectEnds(samples);
      let maximum = -Infinity;
      for (let frame = 0; frame < numFrames; frame++) {
        spectrum.computeEnergies(padded, frame * HOP_SAMPLES, energies);
        for (let mel = 0; mel < numMels; mel++) {
          const level = Math.log10(Math.max(energies[mel]!, MIN_ENERGY));
          data[frame * numMels + mel] = level;
          maximum = Math.max(maximum, level);
        }
      }
      const floor = maximum - DYNAMIC_RANGE;
      for (let i = 0; i < data.length; i++) data[i] = Math.max(data[i]!, floor) / 4 + 1;
      return { data, numRows, validRows: numRows };
    },
  };
}

/** Half a window more on each side, mirrored without the end sample itself, so that frame 0 is centred on sample 0. */
function reflectEnds(samples: Float32Array): Float32Array {
  const padding = WINDOW_SAMPLES / 2;
  const { length } = samples;
  const out = new Float32Array(length + 2 * padding);
  out.set(samples, padding);
  for (let k = 1; k <= padding; k++) {
    out[padding - k] = samples[k]!;
    out[padding + length - 1 + k] = samples[length - 1 - k]!;
  }
  return out;
}
