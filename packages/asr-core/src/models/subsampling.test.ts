import { describe, expect, it } from 'vitest';
import { checkSubsampling, computeEncodedFrames } from './subsampling.js';

describe('subsampling', () => {
  it.each([
    [100, 4, 25],
    [101, 4, 26],
    [3534, 8, 442],
    [3500, 8, 438],
  ])('makes of %i feature columns at factor %i %i frames', (length, factor, frames) => {
    expect(computeEncodedFrames(length, factor)).toBe(frames);
  });

  it('must be what the manifest says', () => {
    expect(() => checkSubsampling(443, 442)).not.toThrow();
    expect(() => checkSubsampling(884, 442)).toThrow(
      expect.objectContaining({ code: 'MODEL_CONTRACT_MISMATCH' }),
    );
  });
});
