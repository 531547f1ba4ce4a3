import { describe, expect, it } from 'vitest';
import { decodeTokens } from './decode-tokens.js';

const BLANK = 3;

describe('greedy CTC', () => {
  it('collapses equal neighbours, keeps what a blank separates, drops blanks', () => {
    expect(decode([1, 1, 3, 1, 2, 2, 2, 3])).toEqual([
      { tokenId: 1, startFrame: 0, endFrame: 2 },
      { tokenId: 1, startFrame: 3, endFrame: 4 },
      { tokenId: 2, startFrame: 4, endFrame: 7 },
    ]);
  });

  it('finds nothing in blanks', () => {
    expect(decode([3, 3, 3])).toEqual([]);
  });

  it("gives a token the mean probability of its run's frames", () => {
    const data = Float32Array.from([0.9, 0.5].flatMap((p) => [p, 0.01, 0.01, 0.02].map(Math.log)));
    const [token] = decodeTokens({ data, numFrames: 2, numClasses: 4 }, BLANK);
    expect(Math.exp(token!.logProbability)).toBeCloseTo(0.7, 5);
  });

  it('breaks ties towards the lowest class', () => {
    const data = Float32Array.from([-1, -1, -1, -1]);
    expect(decodeTokens({ data, numFrames: 1, numClasses: 4 }, BLANK)[0]?.tokenId).toBe(0);
  });
});

function decode(best: readonly number[]) {
  const data = Float32Array.from(
    best.flatMap((id) => [0, 1, 2, 3].map((other) => (other === id ? -0.1 : -5))),
  );
  const tokens = decodeTokens({ data, numFrames: best.length, numClasses: 4 }, BLANK);
  return tokens.map(({ tokenId, startFrame, endFrame }) => ({ tokenId, startFrame, endFrame }));
}
