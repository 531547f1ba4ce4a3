// ⑥–⑧ A chunk's ticket to its stored result, on any host. Nothing has to be fenced here: a result is kept by whoever is
// first, and a second is the same.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFinal } from '@stenofleet/shared/job';
import { type ChunkTicket } from '@stenofleet/shared/queue';
import { createCheckpoints, removeScratch } from './checkpoints.js';
import { recognizeAudio } from './recognize-audio.js';
import { type ServedModel } from './served-models.js';
import { type Work } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

export type ChunkAttempt = {
  ticket: ChunkTicket;
  model: ServedModel;
  work: Work;
  isSuspect: boolean;
};

/** @throws what `recognizeAudio` throws */
export async function recognizeChunkTicket(
  { ticket, model, work, isSuspect }: ChunkAttempt,
  context: WorkerContext,
): Promise<void> {
  const { jobId, index, fingerprint, audioSeconds } = ticket;
  const { ledger, storage, decoder, workFolder } = context;
  const record = await ledger.getJob(jobId);
  if (!record || isFinal(record.status)) return;
  const checkpoints = createCheckpoints(storage, { jobId, fingerprint, signal: work.signal });
  if (await checkpoints.hasResult(index)) {
    await ledger.reportChunk(jobId, { index, doneSeconds: audioSeconds });
    return;
  }
  if (await checkpoints.readFailure(index)) return;

  const path = join(workFolder, `${jobId}-${index}-${process.hrtime.bigint()}.flac`);
  let audio: Float32Array[];
  const { plan, numChannels } = await checkpoints.fetchChunk(index, path).catch(removeFile);
  try {
    audio = await decoder.readFlac(path, numChannels, {
      expectedSamples: plan.endSamples - plan.startSamples,
      signal: work.signal,
    });
  } finally {
    await rm(path, { force: true });
  }
  await recognizeAudio(
    { plan, audio },
    { record, model, checkpoints, work, audioSeconds, isSuspect },
    context,
  );
  // Another may have had the result first and the job be over by now: then this one lies where nobody looks again.
  const after = await ledger.getJob(jobId);
  if (!after || after.status === 'done' || after.status === 'cancelled') {
    await removeScratch(storage, jobId);
  }

  async function removeFile(error: unknown): Promise<never> {
    await rm(path, { force: true });
    throw error;
  }
}
