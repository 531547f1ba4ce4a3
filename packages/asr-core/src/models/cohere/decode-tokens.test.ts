import { describe, expect, it } from 'vitest';
import { decodeTokens } from './decode-tokens.js';
import { type StepDecoder } from './graphs.js';

const END = 0;

/** Answers these logits one after the other, and keeps what it was fed. */
function scripted(...steps: number[][]): StepDecoder & { fed: (readonly number[])[] } {
  const fed: (readonly number[])[] = [];
  return {
    fed,
    feed(tokenIds) {
      fed.push(tokenIds);
      return Promise.resolve(Float32Array.from(steps[Math.min(fed.length, steps.length) - 1]!));
    },
  };
}

const options = { endId: END, eosBias: 0, maxTokens: 10, isCancelled: () => false };

describe('greedy decoding', () => {
  it('feeds the prompt at once and then token by token, until the end', async () => {
    const decoder = scripted([0, 5, 1], [0, 1, 5], [5, 0, 0]);
    const { tokens, endLogProbability } = await decodeTokens(decoder, [7, 8], options);
    expect(tokens.map(({ tokenId }) => tokenId)).toEqual([1, 2]);
    expect(decoder.fed).toEqual([[7, 8], [1], [2]]);
    expect(Math.exp(endLogProbability!)).toBeCloseTo(1 / (1 + 2 * Math.exp(-5)), 6);
  });

  it('stops at the limit without another run, and says that there was no end', async () => {
    const decoder = scripted([0, 5]);
    const result = await decodeTokens(decoder, [7], { ...options, maxTokens: 3 });
    expect(result.tokens).toHaveLength(3);
    expect(result.endLogProbability).toBeUndefined();
    expect(decoder.fed).toHaveLength(3);
  });

  it('ends earlier with a bias, which probabilities do not contain', async () => {
    const steps = [[3, 5, 1]];
    const biased = await decodeTokens(scripted(...steps), [7], { ...options, eosBias: 4 });
    expect(biased.tokens).toEqual([]);
    const probability = Math.exp(3) / (Math.exp(3) + Math.exp(5) + Math.exp(1));
    expect(Math.exp(biased.endLogProbability!)).toBeCloseTo(probability, 6);
  });

  it('asks before each run whether it is cancelled', async () => {
    const decoder = scripted([0, 5]);
    const running = decodeTokens(decoder, [7], {
      ...options,
      isCancelled: () => decoder.fed.length === 2,
    });
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(decoder.fed).toHaveLength(2);
  });

  it('fails when the graph answers no numbers', async () => {
    const running = decodeTokens(scripted([NaN, NaN]), [7], options);
    await expect(running).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
  });
});
