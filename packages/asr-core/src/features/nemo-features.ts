// NeMo's log-mel front end at inference (AudioToMelSpectrogramPreprocessor; docs/models/nemo.md, "Front end"):
//   pre-emphasis → 512-point frames every 160 samples, 256 zeros on each side → symmetric Hann 400 in the middle
//   → |X|² → Slaney mel → ln(x + 2⁻²⁴) → per-bin mean and deviation over the valid columns.
// Not done: dither (0 at inference), pad_to (0 in exported models).

import { type RealFft, createRealFft } from './fft.js';
import { createMelSpectrum } from './mel-spectrum.js';
import { computeSymmetricHann } from './windows.js';

export const HOP_SAMPLES = 160;
const FFT_SIZE = 512;
const WINDOW_SAMPLES = 400;
const PRE_EMPHASIS = 0.97;
const LOG_GUARD = 2 ** -24;
const DEVIATION_GUARD = 1e-5;

export type Features = {
  /** Log-mel `[numMels, numFrames]`, row-major; columns from `validFrames` on are 0. */
  data: Float32Array;
  numMels: number;
  /** Columns of the tensor: floor(samples / 160) + 1. */
  numFrames: number;
  /** Columns that count: floor(samples / 160). What a model's `length` input gets. */
  validFrames: number;
};

/** Computes features; one instance belongs to one thread. The result is the caller's. */
export interface FeatureExtractor {
  readonly numMels: number;
  computeFeatures(samples: Float32Array): Features;
}

export async function createNemoFeatureExtractor(numMels: number): Promise<FeatureExtractor> {
  const fft = await createRealFft(FFT_SIZE);
  return createExtractor(numMels, fft);
}

/** As {@link createNemoFeatureExtractor}, on any FFT: the tests check one against another. */
export function createExtractor(numMels: number, fft: RealFft): FeatureExtractor {
  const spectrum = createMelSpectrum(fft, {
    window: computeSymmetricHann(WINDOW_SAMPLES),
    numMels,
    dialect: 'slaney',
  });
  const energies = new Float64Array(numMels);

  return {
    numMels,
    computeFeatures(samples) {
      const validFrames = Math.floor(samples.length / HOP_SAMPLES);
      const numFrames = validFrames + 1;
      const data = new Float32Array(numMels * numFrames);
      const emphasized = emphasize(samples);
      for (let frame = 0; frame < validFrames; frame++) {
        spectrum.computeEnergies(emphasized, frame * HOP_SAMPLES, energies);
        for (let mel = 0; mel < numMels; mel++) {
          data[mel * numFrames + frame] = Math.log(energies[mel]! + LOG_GUARD);
        }
      }
      for (let mel = 0; mel < numMels; mel++) {
        normalizeRow(data, mel * numFrames, validFrames);
      }
      return { data, numMels, numFrames, validFrames };
    },
  };
}

/** Pre-emphasised samples between half a window of zeros on each side, so that frame 0 is centred on sample 0. */
function emphasize(samples: Float32Array): Float32Array {
  const padding = WINDOW_SAMPLES / 2;
  const out = new Float32Array(samples.length + 2 * padding);
  let previous = 0;
  for (let n = 0; n < samples.length; n++) {
    const sample = samples[n]!;
    out[padding + n] = sample - PRE_EMPHASIS * previous;
    previous = sample;
  }
  return out;
}

/** Mean 0 and deviation 1 (n − 1) over `length` values; a single column has no deviation and becomes 0. */
function normalizeRow(data: Float32Array, start: number, length: number): void {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += data[start + i]!;
  const mean = sum / length;
  let squares = 0;
  for (let i = 0; i < length; i++) squares += (data[start + i]! - mean) ** 2;
  const deviation = length > 1 ? Math.sqrt(squares / (length - 1)) : 0;
  const scale = 1 / (deviation + DEVIATION_GUARD);
  for (let i = 0; i < length; i++) data[start + i] = (data[start + i]! - mean) * scale;
}
