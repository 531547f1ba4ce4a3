import FFT from 'fft.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GraniteFeatureExtractor, createGraniteFeatureExtractor } from './granite-features.js';

const NUM_MELS = 80;
const WIDTH = 2 * NUM_MELS;
/** Between a float32 transform and the float64 definition; the model's own tolerance for features. */
const MAX_DIFFERENCE = 1e-4;

let extractor: GraniteFeatureExtractor;
beforeAll(async () => {
  extractor = await createGraniteFeatureExtractor(NUM_MELS);
});

describe("Granite's features", () => {
  it('are those of the check values in model-contracts 5.3', () => {
    const { data, numRows, validRows } = extractor.computeFeatures(createTones(32_000));
    expect([numRows, validRows, data.length]).toEqual([100, 100, 100 * WIDTH]);
    const at = (row: number, column: number) => data[row * WIDTH + column]!;
    // Six decimals are given.
    expect(4 * (Math.max(...data) - 1)).toBeCloseTo(3.334097, 4);
    expect(at(0, 0)).toBeCloseTo(1.382283, 5);
    expect(at(0, 79)).toBeCloseTo(0.846564, 5);
    expect(at(0, 80)).toBeCloseTo(0.867112, 5);
    expect(at(50, 10)).toBeCloseTo(0.532541, 5);
    expect(at(99, 159)).toBeCloseTo(0.27741, 5);
    expect(computeMean(data)).toBeCloseTo(0.306133, 5);
    expect(Math.min(...data)).toBeCloseTo(-0.166476, 5);
    expect(Math.max(...data)).toBeCloseTo(1.833524, 5);
  });

  it('have no row for the tail, which is heard in the last frames all the same', () => {
    const { data, numRows } = extractor.computeFeatures(createTones(32_200));
    expect(numRows).toBe(100);
    expect(computeMean(data)).toBeCloseTo(0.303895, 5);
  });

  it.each([
    [0, 0],
    [319, 0],
    [320, 1],
    [639, 1],
  ])('of %i samples are %i rows', (length, rows) => {
    const { data, numRows } = extractor.computeFeatures(createTones(length));
    expect([numRows, data.length]).toEqual([rows, rows * WIDTH]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it('of digital silence are all the same', () => {
    const { data } = extractor.computeFeatures(new Float32Array(3_200));
    expect(new Set(data)).toEqual(new Set([-1.5]));
  });

  it('meet the definition in float64', () => {
    for (const samples of [createTones(4_900), createLoudTail()]) {
      expect(computeDifference(samples, {})).toBeLessThan(MAX_DIFFERENCE);
    }
  });

  it.each<[string, Partial<Definition>]>([
    ['a symmetric window', { hannDenominator: 399 }],
    ["Slaney's mel scale", { scale: 'slaney' }],
    ["Slaney's area norm", { hasAreaNorm: true }],
    ['zeros at the ends', { padding: 'zeros' }],
    ['the natural logarithm', { log: (energy) => Math.log(Math.max(energy, 1e-10)) }],
    ["NeMo's guard of the logarithm", { log: (energy) => Math.log10(energy + 2 ** -24) }],
    ['a maximum for each bin', { hasGlobalMaximum: false }],
    ['a maximum that the tail counts for', { cutsFirst: false }],
  ])("pitfall 5: %s is of another model's mel dialect", (_, mistake) => {
    const differences = [createTones(4_900), createLoudTail()].map((samples) =>
      computeDifference(samples, mistake),
    );
    expect(Math.max(...differences)).toBeGreaterThan(MAX_DIFFERENCE);
  });
});

function createTones(length: number): Float32Array {
  const tone = (amplitude: number, hz: number, n: number) =>
    amplitude * Math.sin((2 * Math.PI * hz * n) / 16_000);
  return Float32Array.from(
    { length },
    (_, n) => tone(0.5, 440, n) + tone(0.3, 1000, n) + tone(0.1, 3000, n),
  );
}

/** Tones that end in a burst which begins too late for a row, and silence in the upper bins. */
function createLoudTail(): Float32Array {
  const samples = createTones(3_200 + 300).map((value) => value / 100);
  for (let n = 3_420; n < samples.length; n++) samples[n] = n % 4 < 2 ? 1 : -1;
  return samples;
}

function computeMean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The front end once more, in float64 and with a switch for each mistake. */
type Definition = {
  padding: 'reflect' | 'zeros';
  hannDenominator: number;
  scale: 'htk' | 'slaney';
  hasAreaNorm: boolean;
  log: (energy: number) => number;
  cutsFirst: boolean;
  hasGlobalMaximum: boolean;
};

const rightDefinition: Definition = {
  padding: 'reflect',
  hannDenominator: 400,
  scale: 'htk',
  hasAreaNorm: false,
  log: (energy) => Math.log10(Math.max(energy, 1e-10)),
  cutsFirst: true,
  hasGlobalMaximum: true,
};

function computeDifference(samples: Float32Array, mistake: Partial<Definition>): number {
  const expected = computeByDefinition(samples, { ...rightDefinition, ...mistake });
  const { data } = extractor.computeFeatures(samples);
  return data.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
}

function computeByDefinition(samples: Float32Array, definition: Definition): number[] {
  const { log, cutsFirst, hasGlobalMaximum } = definition;
  const numFrames = 2 * Math.floor(samples.length / 320);
  const allFrames = Math.floor(samples.length / 160) + 1;
  const bank = computeBank(definition);
  const levels = Array.from({ length: cutsFirst ? numFrames : allFrames }, (_, frame) => {
    const power = computePower(samples, frame, definition);
    return bank.map((weights) =>
      log(weights.reduce((energy, weight, bin) => energy + weight * power[bin]!, 0)),
    );
  });
  const maxima = levels[0]!.map((_, mel) => Math.max(...levels.map((frame) => frame[mel]!)));
  const floorOf = (mel: number) => (hasGlobalMaximum ? Math.max(...maxima) : maxima[mel]!) - 8;
  return levels
    .slice(0, numFrames)
    .flatMap((frame) => frame.map((level, mel) => Math.max(level, floorOf(mel)) / 4 + 1));
}

function computePower(
  samples: Float32Array,
  frame: number,
  { padding, hannDenominator }: Definition,
): number[] {
  const last = samples.length - 1;
  const sampleAt = (n: number) => {
    if (n >= 0 && n <= last) return samples[n]!;
    return padding === 'zeros' ? 0 : samples[n < 0 ? -n : 2 * last - n]!;
  };
  const windowed = new Array<number>(512).fill(0);
  for (let k = 0; k < 400; k++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / hannDenominator);
    windowed[56 + k] = sampleAt(frame * 160 - 200 + k) * hann;
  }
  const fft = new FFT(512);
  const spectrum = fft.createComplexArray();
  fft.realTransform(spectrum, windowed);
  return Array.from({ length: 257 }, (_, bin) => {
    return spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
  });
}

function computeBank({ scale, hasAreaNorm }: Definition): number[][] {
  const step = Math.log(6.4) / 27;
  const toHz =
    scale === 'htk'
      ? (mel: number) => 700 * (10 ** (mel / 2595) - 1)
      : (mel: number) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp(step * (mel - 15)));
  const top = scale === 'htk' ? 2595 * Math.log10(1 + 8000 / 700) : 15 + Math.log(8) / step;
  const edges = Array.from({ length: NUM_MELS + 2 }, (_, i) => toHz((top * i) / (NUM_MELS + 1)));
  return Array.from({ length: NUM_MELS }, (_, mel) => {
    const [low, center, high] = edges.slice(mel, mel + 3) as [number, number, number];
    return Array.from({ length: 257 }, (__, bin) => {
      const hz = (bin * 16_000) / 512;
      const height = Math.min((hz - low) / (center - low), (high - hz) / (high - center));
      return Math.max(0, height) * (hasAreaNorm ? 2 / (high - low) : 1);
    });
  });
}
