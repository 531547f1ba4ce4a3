// What has become of a prepared recording's chunks; what is missing goes back into the queue.

import { type ChunkFailure, type StoredPlan, type StoredResult } from './checkpoints.js';
import { findFailure, type JobRun } from './job-run.js';
import { type WorkerContext } from './worker-context.js';

export type CollectedChunk =
  { kind: 'result'; result: StoredResult } | { kind: 'failure'; failure: ChunkFailure };

export type Collected =
  | { kind: 'complete'; chunks: CollectedChunk[] }
  /** Chunks are in the queue, and the job is to wait for them. */
  | { kind: 'waiting' }
  /** Chunks are missing whose audio is gone: the recording is to be prepared again. */
  | { kind: 'unprepared' };

/** How many chunks are asked for at a time. */
const CONCURRENCY = 8;

export async function collectResults(
  run: JobRun,
  plan: StoredPlan,
  context: WorkerContext,
): Promise<Collected> {
  const { record, checkpoints, fingerprint } = run;
  const { id } = record.spec;
  const found: (CollectedChunk | undefined)[] = [];
  for (let start = 0; start < plan.chunks.length; start += CONCURRENCY) {
    const part = plan.chunks.slice(start, start + CONCURRENCY);
    found.push(...(await Promise.all(part.map((_, offset) => collect(start + offset)))));
  }
  const chunks = found.filter((chunk) => chunk !== undefined);
  if (chunks.length === found.length) return { kind: 'complete', chunks };

  const missing = found.flatMap((chunk, index) => (chunk ? [] : [index]));
  for (const index of missing) {
    if (!(await checkpoints.hasChunk(index))) return { kind: 'unprepared' };
  }
  for (const [index, { audioSeconds }] of plan.chunks.entries()) {
    // What an earlier request of the job has done counts in the progress of this one.
    if (found[index]?.kind === 'result') {
      await context.ledger.reportChunk(id, { index, doneSeconds: audioSeconds });
    } else if (missing.includes(index)) {
      await context.queues.addChunk(record, { jobId: id, index, fingerprint, audioSeconds });
    }
  }
  return { kind: 'waiting' };

  async function collect(index: number): Promise<CollectedChunk | undefined> {
    const result = await checkpoints.readResult(index);
    if (result) return { kind: 'result', result };
    const failure = await findFailure(run, index);
    return failure && { kind: 'failure', failure };
  }
}
