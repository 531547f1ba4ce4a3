// Two dialects of triangular filters. Slaney's, as NeMo uses (Auditory Toolbox; librosa `htk=False, norm="slaney"`): linear
// to 1 kHz, then logarithmic, each triangle of area 1. HTK's, as Granite uses: 2595·log10(1 + f/700), each of height 1.

const LINEAR_HZ_PER_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = LOG_START_HZ / LINEAR_HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

export type MelDialect = 'slaney' | 'htk';

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
  /** @defaultValue slaney */
  dialect?: MelDialect;
}): MelFilterbank {
  const { numMels, fftSize, sampleRateHz, dialect = 'slaney' } = options;
  const { hzToMel, melToHz } = scales[dialect];
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
    const norm = dialect === 'slaney' ? 2 / (high - low) : 1;
    for (let bin = 0; bin < numBins; bin++) {
      const hz = (bin * sampleRateHz) / fftSize;
      const weight = Math.min((hz - low) / (center - low), (high - hz) / (high - center));
      if (weight <= 0) continue;
      weights[mel * numBins + bin] = weight * norm;
      firstBin[mel] = Math.min(firstBin[mel]!, bin);
      endBin[mel] = bin + 1;
    }
  }
  return { numMels, numBins, weights, firstBin, endBin };
}

type MelScale = { hzToMel: (hz: number) => number; melToHz: (mel: number) => number };

const scales: Record<MelDialect, MelScale> = {
  slaney: {
    hzToMel(hz) {
      if (hz < LOG_START_HZ) return hz / LINEAR_HZ_PER_MEL;
      return LOG_START_MEL + Math.log(hz / LOG_START_HZ) / LOG_STEP;
    },
    melToHz(mel) {
      if (mel < LOG_START_MEL) return mel * LINEAR_HZ_PER_MEL;
      return LOG_START_HZ * Math.exp(LOG_STEP * (mel - LOG_START_MEL));
    },
  },
  htk: {
    hzToMel: (hz) => 2595 * Math.log10(1 + hz / 700),
    melToHz: (mel) => 700 * (10 ** (mel / 2595) - 1),
  },
};
