import { describe, expect, it } from 'vitest';
import { repairSamples } from './repair-samples.js';

describe('repaired samples', () => {
  it('are all numbers of a level that can be computed with', () => {
    const samples = Float32Array.from([NaN, Infinity, -Infinity, 1e30, -1e30]);
    repairSamples(samples);
    expect([...samples]).toEqual([0, 255, -255, 255, -255]);
  });

  it('stay as they are where nothing is wrong, beyond full scale too', () => {
    const samples = Float32Array.from([0, -1, 1, 0.25, 1.5, -3]);
    repairSamples(samples);
    expect([...samples]).toEqual([0, -1, 1, 0.25, 1.5, -3]);
  });

  it('are whole steps of 16 bits, which can be stored', () => {
    const step = 1 / 32_768;
    const samples = Float32Array.from([0.6 * step, -0.4 * step, 100.49 * step, 1 - step]);
    repairSamples(samples);
    expect([...samples]).toEqual([step, 0, 100 * step, 1 - step]);
  });
});
