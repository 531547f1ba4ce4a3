import { type InferenceProcess, type UseBetterTier } from '@stenofleet/asr-core';
import { type ResolvedModel } from '@stenofleet/model-store';
import { isCancellation } from '../describe-error.js';
import { openInference } from './open-inference.js';

export type BetterTier = {
  use: UseBetterTier;
  close(): Promise<void>;
};

/** A tier for what is doubtful in all recordings of a run: opened when it is first needed, with one lane. */
export function createBetterTier(
  { description }: ResolvedModel,
  { signal, closeTimeoutMs }: { signal: AbortSignal; closeTimeoutMs: number },
): BetterTier {
  let opening: Promise<InferenceProcess> | undefined;
  return {
    async use(work) {
      opening ??= openInference({ model: description, laneCount: 1, closeTimeoutMs }, signal);
      try {
        return await work(await opening);
      } catch (error) {
        if (isCancellation(error)) throw error;
        // What is doubtful stays so, flagged: a run does not end for want of a second opinion.
        return undefined;
      }
    },
    async close() {
      await opening?.then(
        (inference) => inference.close(),
        () => undefined,
      );
    },
  };
}
