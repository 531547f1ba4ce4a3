// Slaney's mel scale and area norm (Auditory Toolbox; librosa `htk=False, norm="slaney"`): linear to 1 kHz, then logarithmic.

const LINEAR_HZ_PER_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = LOG_START_HZ / LINEAR_HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

export type MelFilterbank = {
  numMels: number;
  numBins: number;
  /** Dense weights `[numMels, numBins]`, row-major. */
  weights: Float32Array;
  /** First and one-past-last bin with a weight, for each filter. */
  firstBin: Int32Array;
  endBin: Int32Array;
};

/** Triangular filters from 0 Hz to half the sample rate. */
export function computeMelFilterbank(options: {
  numMels: number;
  fftSize: number;
  sampleRateHz: number;
}): MelFilterbank {
  const { numMels, fftSize, sampleRateHz } = options;
  const numBins = fftSize / 2 + 1;
  const topMel = hzToMel(sampleRateHz / 2);
  const edgesHz = Float64Array.from({ length: numMels + 2 }, (_, i) =>
    melToHz((topMel * i) / (numMels + 1)),
  );
  const weights = new Float32Array(numMels * numBins);
  const firstBin = new Int32Array(numMels).fill(numBins);
  const endBin = new Int32Array(numMels);

  for (let mel = 0; mel < numMels; mel++) {
    const low = edgesHz[mel]!;
    const center = edgesHz[mel + 1]!;
    const high = edgesHz[mel + 2]!;
    const areaNorm = 2 / (high - low);
    for (let bin = 0; bin < numBins; bin++) {
      const hz = (bin * sampleRateHz) / fftSize;
      const weight = Math.min((hz - low) / (center - low), (high - hz) / (high - center));
      if (weight <= 0) continue;
      weights[mel * numBins + bin] = weight * areaNorm;
      firstBin[mel] = Math.min(firstBin[mel]!, bin);
      endBin[mel] = bin + 1;
    }
  }
  return { numMels, numBins, weights, firstBin, endBin };
}

function hzToMel(hz: number): number {
  if (hz < LOG_START_HZ) return hz / LINEAR_HZ_PER_MEL;
  return LOG_START_MEL + Math.log(hz / LOG_START_HZ) / LOG_STEP;
}

function melToHz(mel: number): number {
  if (mel < LOG_START_MEL) return mel * LINEAR_HZ_PER_MEL;
  return LOG_START_HZ * Math.exp(LOG_STEP * (mel - LOG_START_MEL));
}
