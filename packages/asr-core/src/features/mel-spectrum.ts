import { SAMPLE_RATE_HZ } from '../transcript.js';
import { type RealFft } from './fft.js';
import { type MelDialect, computeMelFilterbank } from './mel-filterbank.js';

/** Mel energies of windowed frames; one instance belongs to one thread. */
export interface MelSpectrum {
  /** Energies of the window's samples from `start` on, into `out` [numMels]. */
  computeEnergies(samples: Float32Array, start: number, out: Float64Array): void;
}

/** The window stands in the middle of the FFT's points, with zeros on both sides; the instance owns the FFT's input. */
export function createMelSpectrum(
  fft: RealFft,
  options: { window: Float32Array; numMels: number; dialect: MelDialect },
): MelSpectrum {
  const { window, numMels, dialect } = options;
  const { numBins, weights, firstBin, endBin } = computeMelFilterbank({
    numMels,
    fftSize: fft.size,
    sampleRateHz: SAMPLE_RATE_HZ,
    dialect,
  });
  const power = new Float32Array(numBins);
  const windowStart = (fft.size - window.length) / 2;
  fft.input.fill(0);

  return {
    computeEnergies(samples, start, out) {
      for (let k = 0; k < window.length; k++) {
        fft.input[windowStart + k] = samples[start + k]! * window[k]!;
      }
      fft.computePower(power);
      for (let mel = 0; mel < numMels; mel++) {
        let energy = 0;
        const row = mel * numBins;
        const end = endBin[mel]!;
        for (let bin = firstBin[mel]!; bin < end; bin++) {
          energy += power[bin]! * weights[row + bin]!;
        }
        out[mel] = energy;
      }
    },
  };
}
