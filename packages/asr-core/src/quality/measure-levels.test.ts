import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLevelMeter } from './measure-levels.js';

const FRAME = 512;

function measure(samples: Float32Array, blockSamples = samples.length) {
  const meter = createLevelMeter();
  for (let from = 0; from < samples.length; from += blockSamples) {
    meter.push(samples.subarray(from, from + blockSamples));
  }
  return meter.getSums();
}

const sine = (level: number, length = 16_000) =>
  Float32Array.from({ length }, (_, i) => level * Math.sin((2 * Math.PI * 200 * i) / 16_000));

describe('levels', () => {
  it('tell peak and power, of both signs', () => {
    const sums = measure(Float32Array.of(0.25, -0.5, 0.25));
    expect(sums).toMatchObject({ samples: 3, peak: 0.5, squareSum: 0.375 });
  });

  it('take a wave that was cut off for clipped, and one that just fits not', () => {
    expect(measure(sine(1)).clippedSamples).toBe(0);
    const cut = sine(2).map((sample) => Math.max(-1, Math.min(1, sample)));
    expect(measure(cut).clippedSamples / cut.length).toBeCloseTo(2 / 3, 1);
  });

  it('do not take two samples at full scale for clipping', () => {
    expect(measure(Float32Array.of(1, 1, 0, -1, -1, 0)).clippedSamples).toBe(0);
    expect(measure(Float32Array.of(0, 1, -1, 1, 1, 0)).clippedSamples).toBe(4);
  });

  it('take what is below −60 dBFS for silence, though its peaks be higher', () => {
    const samples = new Float32Array(3 * FRAME + 100);
    samples.fill(0.0009, FRAME, 2 * FRAME);
    samples[FRAME] = 0.002;
    samples.fill(0.0011, 2 * FRAME, 3 * FRAME);
    expect(measure(samples).silentSamples).toBe(2 * FRAME + 100);
  });

  it('do not depend on the blocks', () => {
    const level = fc.constantFrom(0, 0.0005, 0.3, 1, -1);
    fc.assert(
      fc.property(fc.array(level, { minLength: 2000, maxLength: 3000 }), (values) => {
        const samples = Float32Array.from(values);
        const { squareSum, ...whole } = measure(samples);
        const parts = measure(samples, FRAME);
        expect(parts).toMatchObject(whole);
        expect(parts.squareSum).toBe(squareSum);
      }),
      { numRuns: 50 },
    );
  });
});
