import { describe, expect, it } from 'vitest';
import { planOtherCut, splitToFit } from './plan-other-cut.js';

const SECOND = 16_000;

/** A segment of a recording from its tenth second on. */
function piece(samples: Float32Array) {
  const [startSamples, endSamples] = [10 * SECOND, 10 * SECOND + samples.length];
  const bounds = { startSamples, endSamples, audioStartSamples: startSamples };
  const segment = { ...bounds, audioEndSamples: endSamples, speechSamples: samples.length };
  return { segment, cutSamples: () => samples.slice() };
}

describe('another cut', () => {
  it('lies at the quietest point of the middle third, heard by both sides', () => {
    const samples = new Float32Array(12 * SECOND).fill(0.5);
    samples.fill(0, 2 * SECOND, 2.5 * SECOND);
    samples.fill(0.01, 5.9 * SECOND, 6.1 * SECOND);
    const [left, right] = planOtherCut(piece(samples));
    expect(left!.segment.endSamples / SECOND).toBeCloseTo(16, 1);
    expect(right!.segment.startSamples).toBe(left!.segment.endSamples);
    expect(left!.segment.audioEndSamples - right!.segment.audioStartSamples).toBe(SECOND);
    for (const { segment, cutSamples } of [left!, right!]) {
      expect(cutSamples()).toHaveLength(segment.audioEndSamples - segment.audioStartSamples);
    }
    expect(left!.segment.startSamples).toBe(10 * SECOND);
    expect(right!.segment.endSamples).toBe(22 * SECOND);
    expect([...right!.cutSamples()]).toEqual([
      ...samples.slice(right!.segment.audioStartSamples - 10 * SECOND),
    ]);
  });

  it('of short audio adds quiet margins around the same sound', () => {
    const samples = new Float32Array(2 * SECOND).fill(0.5);
    const [only, ...others] = planOtherCut(piece(samples));
    expect(others).toEqual([]);
    expect(only!.segment).toMatchObject({
      audioStartSamples: 9.5 * SECOND,
      audioEndSamples: 12.5 * SECOND,
    });
    const heard = only!.cutSamples();
    expect([...heard.slice(SECOND / 2, 2.5 * SECOND)]).toEqual([...samples]);
    const margin = heard.slice(0, SECOND / 2);
    expect(margin.every((sample) => Math.abs(sample) < 0.01)).toBe(true);
    expect(margin.some((sample) => sample !== 0)).toBe(true);
  });
});

describe('audio that is too long for a model', () => {
  const limit = 5 * SECOND;

  it('is cut in two until it fits, and nothing of it is lost', () => {
    const whole = piece(new Float32Array(23 * SECOND).fill(0.5));
    const cuts = splitToFit(whole, limit);
    expect(cuts.length).toBeGreaterThan(4);
    cuts.forEach(({ segment, cutSamples }, index) => {
      const samples = cutSamples();
      expect(samples.length).toBeLessThanOrEqual(limit);
      expect(samples).toHaveLength(segment.audioEndSamples - segment.audioStartSamples);
      expect(segment.startSamples).toBe(
        cuts[index - 1]?.segment.endSamples ?? whole.segment.startSamples,
      );
    });
    expect(cuts.at(-1)!.segment.endSamples).toBe(whole.segment.endSamples);
  });

  it('stays whole where it fits', () => {
    const whole = piece(new Float32Array(limit));
    expect(splitToFit(whole, limit)).toEqual([whole]);
  });
});
