import { existsSync, readFileSync } from 'node:fs';
import FFT from 'fft.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RealFft } from './fft.js';
import { computeMelFilterbank } from './mel-filterbank.js';
import {
  type FeatureExtractor,
  type Features,
  createExtractor,
  createNemoFeatureExtractor,
} from './nemo-features.js';

const REFERENCE_FILE = new URL(
  '../../../../../shared/data/reference/mel/nemo128_mel_reference.json',
  import.meta.url,
);
const hasReference = existsSync(REFERENCE_FILE);
const needsShared = hasReference ? '' : ' [skipped: needs ../shared/data]';

// Tolerances: model-contracts 3.3.2. A float64 host differs from NeMo's float32 by up to 3.5e-4, mean 1.1e-5.
const MAX_DIFFERENCE = 1e-3;
const MEAN_DIFFERENCE = 2e-5;
const BANK_DIFFERENCE = 1e-6;

let extractor: FeatureExtractor;
beforeAll(async () => {
  extractor = await createNemoFeatureExtractor(128);
});

describe.skipIf(!hasReference)(`NeMo's recorded 128-bin features${needsShared}`, () => {
  const reference = hasReference ? readReference() : { signals: [], bank: new Float32Array() };

  it('are reproduced for every signal', () => {
    expect(reference.signals).toHaveLength(4);
    for (const { samples, features } of reference.signals) {
      const { max, mean } = compare(extractor.computeFeatures(samples), features);
      expect(max).toBeLessThanOrEqual(MAX_DIFFERENCE);
      expect(mean).toBeLessThanOrEqual(MEAN_DIFFERENCE);
    }
  });

  it('stem from the same filter bank', () => {
    const { weights } = computeMelFilterbank({ numMels: 128, fftSize: 512, sampleRateHz: 16_000 });
    expect(maxDifference(weights, reference.bank)).toBeLessThanOrEqual(BANK_DIFFERENCE);
  });

  // Each would pass unnoticed in a transcript; the gate must tell it.
  it.each<[string, Partial<Definition>]>([
    ['reflection padding', { padding: 'reflect' }],
    ['a periodic Hann window', { hannDenominator: 400 }],
    ["the population's deviation", { ddof: 0 }],
    ['one valid column too many', { extraColumns: 1 }],
    ['no pre-emphasis', { preEmphasis: 0 }],
    ['the HTK mel scale', { scale: 'htk' }],
  ])('pitfall 4: reject %s', (_, mistake) => {
    const rejected = reference.signals.filter(({ samples, features }) => {
      const { max, mean } = compare(computeByDefinition(samples, mistake), features);
      return max > MAX_DIFFERENCE || mean > MEAN_DIFFERENCE;
    });
    expect(rejected.length).toBeGreaterThan(0);
  });

  it('are met by the float64 definition that the mistakes are made in', () => {
    for (const { samples, features } of reference.signals) {
      expect(compare(computeByDefinition(samples, {}), features).max).toBeLessThan(MAX_DIFFERENCE);
    }
  });
});

describe('log-mel features', () => {
  it.each([80, 128])('with %i bins agree between pffft and fft.js', async (numMels) => {
    const samples = createNoise(16_000 * 3 + 77);
    const fast = (await createNemoFeatureExtractor(numMels)).computeFeatures(samples);
    const slow = createExtractor(numMels, createFftJs(512)).computeFeatures(samples);
    expect(fast.data.length).toBe(numMels * 301);
    // Both FFTs are float32 at their inputs; normalised features are of order 1.
    expect(maxDifference(fast.data, slow.data)).toBeLessThan(1e-3);
  });

  it('have one column more than count, and that column is zero', () => {
    const { data, numFrames, validFrames } = extractor.computeFeatures(createNoise(1_600));
    expect({ numFrames, validFrames }).toEqual({ numFrames: 11, validFrames: 10 });
    for (let mel = 0; mel < 128; mel++) expect(data[mel * numFrames + validFrames]).toBe(0);
  });

  it.each([
    ['shorter than one hop', 159, 0],
    ['of a single column', 200, 1],
  ])('of audio %s are finite', (_, length, validFrames) => {
    const features = extractor.computeFeatures(createNoise(length));
    expect(features.validFrames).toBe(validFrames);
    expect(features.data.every((value) => value === 0)).toBe(true);
  });

  it('of digital silence are zero', () => {
    const { data } = extractor.computeFeatures(new Float32Array(16_000));
    expect(Math.max(...data.map(Math.abs))).toBeLessThan(1e-6);
  });
});

type Signal = { samples: Float32Array; features: Features };

function readReference(): { signals: Signal[]; bank: Float32Array } {
  const file = JSON.parse(readFileSync(REFERENCE_FILE, 'utf8')) as {
    tests: Record<
      string,
      { audio: string; features: string; featuresShape: number[]; featuresLen: number }
    >;
    melFilterbank: { data: string; shape: number[] };
  };
  const [rows, columns] = file.melFilterbank.shape as [number, number];
  const bank = decodeFloats(file.melFilterbank.data);
  return {
    signals: Object.values(file.tests).map((test) => ({
      samples: decodeFloats(test.audio),
      features: {
        data: decodeFloats(test.features),
        numMels: 128,
        numFrames: test.featuresShape.at(-1)!,
        validFrames: test.featuresLen,
      },
    })),
    bank: rows === 128 ? bank : transpose(bank, { rows, columns }),
  };
}

function decodeFloats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
}

function transpose(data: Float32Array, { rows, columns }: { rows: number; columns: number }) {
  return Float32Array.from(
    { length: data.length },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

function compare(actual: Features, expected: Features): { max: number; mean: number } {
  let max = 0;
  let sum = 0;
  for (let mel = 0; mel < expected.numMels; mel++) {
    for (let frame = 0; frame < expected.validFrames; frame++) {
      const difference = Math.abs(
        actual.data[mel * actual.numFrames + frame]! -
          expected.data[mel * expected.numFrames + frame]!,
      );
      max = Math.max(max, difference);
      sum += difference;
    }
  }
  return { max, mean: sum / (expected.numMels * expected.validFrames) };
}

function maxDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
}

function createNoise(length: number): Float32Array {
  let seed = 1;
  return Float32Array.from({ length }, () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647 - 0.5;
  });
}

function createFftJs(size: number): RealFft {
  const fft = new FFT(size);
  const input = new Float32Array(size);
  const spectrum = fft.createComplexArray();
  return {
    size,
    input,
    computePower(out) {
      fft.realTransform(spectrum, input);
      for (let bin = 0; bin <= size / 2; bin++) {
        out[bin] = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
      }
    },
  };
}

/** The front end once more, in float64 and with a switch for each mistake. */
type Definition = {
  padding: 'zeros' | 'reflect';
  hannDenominator: number;
  ddof: number;
  extraColumns: number;
  preEmphasis: number;
  scale: 'slaney' | 'htk';
};

function computeByDefinition(samples: Float32Array, mistake: Partial<Definition>): Features {
  const definition: Definition = {
    padding: 'zeros',
    hannDenominator: 399,
    ddof: 1,
    extraColumns: 0,
    preEmphasis: 0.97,
    scale: 'slaney',
    ...mistake,
  };
  const emphasized = Float64Array.from(
    samples,
    (value, n) => value - (n > 0 ? definition.preEmphasis * samples[n - 1]! : 0),
  );
  const sampleAt = (n: number) => {
    if (n >= 0 && n < samples.length) return emphasized[n]!;
    if (definition.padding === 'zeros') return 0;
    return emphasized[n < 0 ? -n : 2 * (samples.length - 1) - n] ?? 0;
  };
  const numFrames = Math.floor(samples.length / 160) + 1;
  const counted = Math.floor(samples.length / 160) + definition.extraColumns;
  const bank =
    definition.scale === 'slaney'
      ? computeMelFilterbank({ numMels: 128, fftSize: 512, sampleRateHz: 16_000 }).weights
      : computeHtkBank();
  const fft = new FFT(512);
  const spectrum = fft.createComplexArray();
  const data = new Float32Array(128 * numFrames);
  for (let frame = 0; frame < counted; frame++) {
    const windowed = new Array<number>(512).fill(0);
    for (let k = 0; k < 400; k++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / definition.hannDenominator);
      windowed[56 + k] = sampleAt(frame * 160 - 200 + k) * hann;
    }
    fft.realTransform(spectrum, windowed);
    for (let mel = 0; mel < 128; mel++) {
      let energy = 0;
      for (let bin = 0; bin <= 256; bin++) {
        const power = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
        energy += bank[mel * 257 + bin]! * power;
      }
      data[mel * numFrames + frame] = Math.log(energy + 2 ** -24);
    }
  }
  for (let mel = 0; mel < 128; mel++) {
    const row = data.subarray(mel * numFrames, mel * numFrames + counted);
    const mean = row.reduce((sum, value) => sum + value, 0) / counted;
    const squares = row.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (counted - definition.ddof)) + 1e-5;
    row.forEach((value, i) => (row[i] = (value - mean) / deviation));
  }
  return { data, numMels: 128, numFrames, validFrames: counted };
}

function computeHtkBank(): Float32Array {
  const toMel = (hz: number) => 2595 * Math.log10(1 + hz / 700);
  const edges = Array.from(
    { length: 130 },
    (_, i) => 700 * (10 ** ((toMel(8000) * i) / 129 / 2595) - 1),
  );
  const weights = new Float32Array(128 * 257);
  for (let mel = 0; mel < 128; mel++) {
    const [low, center, high] = edges.slice(mel, mel + 3) as [number, number, number];
    for (let bin = 0; bin < 257; bin++) {
      const hz = (bin * 16_000) / 512;
      const weight = Math.min((hz - low) / (center - low), (high - hz) / (high - center));
      weights[mel * 257 + bin] = Math.max(0, weight) * (2 / (high - low));
    }
  }
  return weights;
}
