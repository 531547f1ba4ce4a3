// ⑥–⑧ One chunk's audio to its stored result, wherever the audio comes from: out of memory right after it was cut, or
// out of scratch on another host.

import { type ChunkPlan, recognizeChunk } from '@stenofleet/asr-core';
import { CodedError, toWireError } from '@stenofleet/shared/errors';
import { type JobRecord } from '@stenofleet/shared/job';
import { type Checkpoints, type StoredResult } from './checkpoints.js';
import { isCrash } from './is-crash.js';
import { createProgressReporter } from './progress-reporter.js';
import { type ServedModel } from './served-models.js';
import { planBetterTier } from './plan-better-tier.js';
import { type Work } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

/** Crashes of the inference process on one chunk, after which it is given up. */
export const MAX_CRASHES = 3;

export type RecognizeAudioOptions = {
  record: JobRecord;
  model: ServedModel;
  checkpoints: Checkpoints;
  work: Work;
  /** Of the chunk, with the silence before it. */
  audioSeconds: number;
  /** Whether it crashed the process before. */
  isSuspect: boolean;
};

export type ChunkAudio = { plan: ChunkPlan; audio: Float32Array[] };

/**
 * Recognises a chunk and keeps its result; answers the one that is kept.
 * @throws CodedError `CHUNK_CRASHES_MODEL` (told in scratch, too), `STORE_…`; AsrError; StoppedError
 */
export async function recognizeAudio(
  chunk: ChunkAudio,
  { record, model, checkpoints, work, audioSeconds, isSuspect }: RecognizeAudioOptions,
  context: WorkerContext,
): Promise<StoredResult> {
  const { ledger, inference, metrics, hostId, now } = context;
  const { index, startSamples, endSamples } = chunk.plan;
  const { id } = record.spec;
  const progress = createProgressReporter({
    report: (doneSeconds) => ledger.reportChunk(id, { index, doneSeconds }),
    onRefused: work.stop,
    now,
  });
  const started = performance.now();
  const { language, punctuation, inverseTextNormalization } = record.spec.plan;
  try {
    const result = await inference.use(
      model,
      async (process) => {
        try {
          return await recognizeChunk(chunk, process, {
            signal: work.signal,
            decoding: { language, punctuation, inverseTextNormalization },
            useBetterTier: planBetterTier({ record, model, work }, context),
            onProgress: (doneSamples) =>
              progress.update((doneSamples / (endSamples - startSamples)) * audioSeconds),
          });
        } catch (error) {
          if (isCrash(error) && !work.signal.aborted) await blame(error);
          throw error;
        }
      },
      { signal: work.signal, alone: isSuspect },
    );
    const stored = await checkpoints.writeResult(index, result);
    metrics.observeStep('recognize', performance.now() - started);
    metrics.countAudio(model.key, { audioSeconds, computeSeconds: result.computeSeconds });
    context.log.debug({ job: id, chunk: index }, 'chunk recognized');
    await progress.finish(audioSeconds);
    return stored;
  } finally {
    progress.stop();
  }

  async function blame(error: Error & { details: Record<string, unknown> | undefined }) {
    const crashes = await ledger.countCrash(id, index);
    context.log.warn(
      { job: id, chunk: index, crashes, ...error.details },
      'inference crashed on a chunk',
    );
    if (crashes < MAX_CRASHES) return;
    const failure = new CodedError(
      'CHUNK_CRASHES_MODEL',
      `The inference process crashed ${crashes} times on chunk ${index} (${describePlace(chunk.plan)}); the recording may hold what ${model.key} cannot take.`,
      { details: { chunk: index, crashes, host: hostId, model: model.key, ...error.details } },
    );
    await checkpoints.writeFailure(index, {
      error: toWireError(failure),
      host: hostId,
      model: model.key,
      crashes,
      failedAtMs: now(),
    });
    throw failure;
  }
}

function describePlace({ startSamples, endSamples }: ChunkPlan): string {
  const [start, end] = [startSamples, endSamples].map((samples) => (samples / 16_000).toFixed(1));
  return `${start ?? ''} s to ${end ?? ''} s`;
}
