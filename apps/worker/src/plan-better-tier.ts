import { AsrError, type UseBetterTier } from '@stenofleet/asr-core';
import { type JobRecord } from '@stenofleet/shared/job';
import { type ServedModel } from './served-models.js';
import { type Work } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

/**
 * The next better tier of a job's model, where the job allows it and this host has it. Where it finds no room, or fails,
 * the segment stays as it is, flagged: no job depends on a model that it did not ask for.
 */
export function planBetterTier(
  { record, model, work }: { record: JobRecord; model: ServedModel; work: Work },
  { inference, log }: WorkerContext,
): UseBetterTier | undefined {
  const { id, plan } = record.spec;
  const { betterTier } = model;
  if (!plan.betterTier || !betterTier) return undefined;
  return async (run) => {
    try {
      return await inference.use(betterTier, run, { signal: work.signal });
    } catch (error) {
      const isCancelled = error instanceof AsrError && error.code === 'CANCELLED';
      if (work.signal.aborted || isCancelled) throw error;
      log.warn({ job: id, model: betterTier.key, err: error }, 'a better tier could not be used');
      return undefined;
    }
  };
}
