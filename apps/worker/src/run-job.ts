// ② One attempt at a job: from wherever the attempts before it have come to.
//
//     taken ──▶ published already ──────────────────────────────────────────────▶ done
//       └─────▶ prepared already? ──no──▶ prepare ──▶ one chunk ──▶ assemble ──▶ publish ──▶ done
//                    │                                    │            ▲
//                    └──▶ chunks missing ◀──several───────┘            │
//                              │                                       │
//                              └──▶ waits for its chunks ──▶ taken anew, all there

import { type JobRecord } from '@stenofleet/shared/job';
import { type Attempt } from '@stenofleet/shared/ledger';
import { assembleTranscript } from './assemble-transcript.js';
import { createCheckpoints, removeScratch, type StoredPlan } from './checkpoints.js';
import { type CollectedChunk, collectResults } from './collect-results.js';
import { computePlanFingerprint } from './fingerprint.js';
import { type JobRun, type PlanBasis } from './job-run.js';
import { type Prepared, prepareRecording } from './prepare-recording.js';
import { findPublished, type PublishedOutcome, publishTranscript } from './publish-transcript.js';
import { unpublish } from './published-files.js';
import { type ServedModel } from './served-models.js';
import { requireCurrent } from './standing.js';
import { createStepReporter } from './step-reporter.js';
import { type Work } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

export type JobAttempt = {
  record: JobRecord;
  attempt: Attempt;
  model: ServedModel;
  work: Work;
  /** Of the plan that the job's chunks belong to, where it has any. */
  known: Partial<PlanBasis>;
  queuedAtMs: number;
  isSuspect: boolean;
  /** Keeps it with the ticket. */
  rememberPlan: (basis: PlanBasis) => Promise<void>;
  /** Lets the ticket wait for its chunks; false where all of them have ended by now. */
  waitForChunks: () => Promise<boolean>;
};

export type JobOutcome =
  { status: 'finished'; result: PublishedOutcome['result'] } | { status: 'waiting' };

/** @throws StoppedError; whatever the steps throw */
export async function runJob(job: JobAttempt, context: WorkerContext): Promise<JobOutcome> {
  const { record, attempt, model, work } = job;
  const published = await findPublished(job, context);
  if (published) {
    await finish({ ...job, hasScratch: !isFirst(job) }, published, context);
    return { status: 'finished', result: published.result };
  }
  const fingerprint =
    job.known.fingerprint ?? computePlanFingerprint(record.spec, { model, ...context });
  const checkpoints = createCheckpoints(context.storage, {
    ...{ jobId: record.spec.id, fingerprint, signal: work.signal },
  });
  const steps = createStepReporter({
    report: (step, audioSeconds) => context.ledger.reportStep(attempt, step, audioSeconds),
    onRefused: work.stop,
  });
  try {
    return await runSteps({ ...job, fingerprint, checkpoints, steps }, context);
  } finally {
    steps.stop();
  }
}

async function runSteps(
  run: JobRun & Pick<JobAttempt, 'waitForChunks'>,
  context: WorkerContext,
): Promise<JobOutcome> {
  const { checkpoints, steps, work } = run;
  const stored = isFirst(run) ? undefined : await checkpoints.readPlan();
  let prepared: Prepared = stored
    ? { plan: stored, result: undefined }
    : await prepareRecording(run, context);

  // More than once only if chunks end, or are lost, in just this moment.
  for (;;) {
    const chunks = await gather(run, prepared, context);
    if (chunks === 'unprepared') {
      await checkpoints.removePlan();
      prepared = await prepareRecording(run, context);
    } else if (chunks !== 'waiting') {
      const result = await complete(run, { plan: prepared.plan, chunks }, context);
      return { status: 'finished', result };
    } else {
      steps.begin('recognize');
      await steps.flush();
      requireCurrent(await context.ledger.leaveToChunks(run.attempt));
      if (await run.waitForChunks()) return { status: 'waiting' };
    }
    work.signal.throwIfAborted();
  }
}

async function gather(
  run: JobRun,
  { plan, result }: Prepared,
  context: WorkerContext,
): Promise<CollectedChunk[] | 'waiting' | 'unprepared'> {
  if (result) return [{ kind: 'result', result }];
  const collected = await collectResults(run, plan, context);
  return collected.kind === 'complete' ? collected.chunks : collected.kind;
}

async function complete(
  run: JobRun,
  { plan, chunks }: { plan: StoredPlan; chunks: CollectedChunk[] },
  context: WorkerContext,
): Promise<PublishedOutcome['result']> {
  const started = performance.now();
  run.steps.begin('assemble');
  const assembled = assembleTranscript(run, { plan, chunks }, context);
  run.steps.stop();
  const outcome = await publishTranscript(run, assembled, context);
  context.metrics.observeStep('assemble', performance.now() - started);
  const { error } = assembled;
  const hasScratch = !isFirst(run) || plan.chunks.length > 0;
  await finish({ ...run, hasScratch }, error ? { ...outcome, error } : outcome, context);
  return outcome.result;
}

/**
 * Scratch goes first: whoever finds the manifest needs none. Of a partial result it stays, so that a retry does the rest
 * only.
 */
async function finish(
  { record, attempt, hasScratch }: Pick<JobRun, 'record' | 'attempt'> & { hasScratch: boolean },
  outcome: PublishedOutcome,
  context: WorkerContext,
): Promise<void> {
  const { spec } = record;
  if (hasScratch && outcome.status === 'done') {
    await removeScratch(context.storage, spec.id).catch((error: unknown) =>
      // The result is there; what stays is found by the sweep.
      context.log.warn({ job: spec.id, err: error }, 'scratch could not be removed'),
    );
  }
  const standing = await context.ledger.finishAttempt(attempt, outcome);
  if (standing === 'cancelled') {
    await unpublish(context.openStore(spec.output.prefix), spec, outcome.result.files);
  }
  requireCurrent(standing);
}

/** An attempt before which nothing of this life of the job can lie in scratch. */
function isFirst({ attempt }: Pick<JobRun, 'attempt'>): boolean {
  return attempt.attempt === 1;
}
