// Where things lie in storage. One place, so that a sweep knows what it may remove.

/** Chunk audio, chunk results and the plan of a job, until its manifest is written. */
export const SCRATCH_PREFIX = 'scratch/';
/** Recordings that were sent to the API, by content. */
export const UPLOADS_PREFIX = 'uploads/';
/** Results of jobs that name no output prefix of their own. */
export const RESULTS_PREFIX = 'results/';

export function scratchPrefix(jobId: string): string {
  return `${SCRATCH_PREFIX}${jobId}/`;
}

/** Keys of a job's scratch for one plan: the same recording, model, options and cutting give the same fingerprint. */
export function scratchKeys(jobId: string, fingerprint: string) {
  const base = `${scratchPrefix(jobId)}${fingerprint}/`;
  const number = (index: number) => index.toString().padStart(5, '0');
  return {
    plan: `${base}plan.json`,
    chunkPlan: (index: number) => `${base}chunk-${number(index)}.json`,
    chunkAudio: (index: number) => `${base}chunk-${number(index)}.flac`,
    chunkResult: (index: number) => `${base}chunk-${number(index)}.result.json`,
    chunkFailure: (index: number) => `${base}chunk-${number(index)}.failure.json`,
  };
}

export function uploadKey(tenant: string, sha256: string): string {
  return `${UPLOADS_PREFIX}${tenant}/${sha256}`;
}
