// Which checkpoints belong together: equal fingerprints mean equal chunks and, chunk for chunk, equal results.

import { identifyModel } from '@stenofleet/model-store';
import { computeFingerprint, type JobSpec } from '@stenofleet/shared/job';
import { type ServedModel, getMaker } from './served-models.js';

/** To be raised whenever chunks are cut, or words made of them, in another way. */
const CUTTING_VERSION = 3;

export function computePlanFingerprint(
  { source, plan, createdAtMs }: JobSpec,
  { model, chunkSeconds }: { model: ServedModel; chunkSeconds: number },
): string {
  const { etag, bytes, uri } = source;
  return computeFingerprint({
    version: CUTTING_VERSION,
    // A recording that nobody can tell from a later one under the same address counts for one life of the job only.
    source: etag === undefined ? { uri, bytes, createdAtMs } : { etag, bytes },
    language: plan.language,
    punctuation: plan.punctuation,
    inverseTextNormalization: plan.inverseTextNormalization,
    betterTier: plan.betterTier,
    channels: plan.channels,
    track: plan.track,
    model: model.key,
    files: identifyModel(getMaker(model, plan).provenance),
    chunkSeconds,
  });
}
