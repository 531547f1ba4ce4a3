import { describe, expect, it } from 'vitest';
import { repairSamples } from './repair-samples.js';

describe('repaired samples', () => {
  it('are all numbers of a level that can be computed with', () => {
    const samples = Float32Array.from([NaN, Infinity, -Infinity, 1e30, -1e30]);
    repairSamples(samples);
    expect([...samples]).toEqual([0, 1_000, -1_000, 1_000, -1_000]);
  });

  it('stay as they are where nothing is wrong, beyond full scale too', () => {
    const samples = Float32Array.from([0, -1, 1, 0.25, 1.5, -3]);
    repairSamples(samples);
    expect([...samples]).toEqual([0, -1, 1, 0.25, 1.5, -3]);
  });
});
