import { AsrError, cancelled } from '../../errors.js';
import { computeArgmax, computeLogSoftmaxAt } from '../../tokens/argmax.js';
import { type ScoredToken } from '../../tokens/spell-tokens.js';
import { type StepDecoder } from './graphs.js';

export type DecodedTokens = {
  /** Without the end token. */
  tokens: ScoredToken[];
  /** Natural log of the end token's probability where it came; undefined where the text was cut off at the limit. */
  endLogProbability: number | undefined;
};

export type DecodeTokensOptions = {
  endId: number;
  /** Added to the end token's logit for the choice, not for its probability. */
  eosBias: number;
  maxTokens: number;
  /** Asked before each run. */
  isCancelled: () => boolean;
};

/**
 * Greedy: the prompt at once, then token by token until the end token or the limit.
 * @throws AsrError `CANCELLED`, `INFERENCE_FAILED`
 */
export async function decodeTokens(
  decoder: StepDecoder,
  prompt: readonly number[],
  { endId, eosBias, maxTokens, isCancelled }: DecodeTokensOptions,
): Promise<DecodedTokens> {
  const tokens: ScoredToken[] = [];
  let next = prompt;
  while (tokens.length < maxTokens) {
    if (isCancelled()) throw cancelled();
    const logits = await decoder.feed(next);
    const tokenId = chooseToken(logits, endId, eosBias);
    const logProbability = computeLogSoftmaxAt(logits, 0, {
      length: logits.length,
      chosen: tokenId,
    });
    if (Number.isNaN(logProbability)) {
      // Seen with 4-bit graphs saved prepacked: every value is NaN, and the text would be <unk> without end.
      throw new AsrError('INFERENCE_FAILED', 'The decoder answered no numbers.');
    }
    if (tokenId === endId) return { tokens, endLogProbability: logProbability };
    tokens.push({ tokenId, logProbability });
    next = [tokenId];
  }
  return { tokens, endLogProbability: undefined };
}

function chooseToken(logits: Float32Array, endId: number, eosBias: number): number {
  const unbiased = logits[endId]!;
  logits[endId] = unbiased + eosBias;
  const tokenId = computeArgmax(logits, 0, logits.length);
  logits[endId] = unbiased;
  return tokenId;
}
