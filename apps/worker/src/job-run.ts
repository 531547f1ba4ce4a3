import { type Attempt } from '@stenofleet/shared/ledger';
import { type JobRecord } from '@stenofleet/shared/job';
import { type Checkpoints, type ChunkFailure } from './checkpoints.js';
import { type ServedModel } from './served-models.js';
import { type StepReporter } from './step-reporter.js';
import { type Work } from './work-registry.js';

/** What the chunks of a job were cut by. Whoever goes on with it cuts the rest alike, however its own host is set. */
export type PlanBasis = { fingerprint: string; chunkSeconds: number; maxSegmentSeconds: number };

/** One attempt at a job, as its steps see it. */
export type JobRun = {
  record: JobRecord;
  attempt: Attempt;
  model: ServedModel;
  work: Work;
  fingerprint: string;
  checkpoints: Checkpoints;
  steps: StepReporter;
  /** When the job was put into the queue: what is older belongs to an earlier request of it. */
  queuedAtMs: number;
  /** Whether the last try ended with a crash of the inference process. */
  isSuspect: boolean;
  /** Of the plan that the job's chunks belong to, where it has any. */
  known: Partial<PlanBasis>;
  /** Keeps it with the ticket. */
  rememberPlan: (basis: PlanBasis) => Promise<void>;
};

/** Why a chunk has no result; what failed before the user asked for a retry does not count, and is removed. */
export async function findFailure(
  { checkpoints, queuedAtMs }: JobRun,
  index: number,
): Promise<ChunkFailure | undefined> {
  const failure = await checkpoints.readFailure(index);
  if (!failure || failure.failedAtMs >= queuedAtMs) return failure;
  await checkpoints.removeFailures([index]);
  return undefined;
}
