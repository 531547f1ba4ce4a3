// ⑨ Chunks on one clock → the document. Pure: the same chunks give the same bytes, whoever puts them together.

import { joinChunks, SAMPLE_RATE_HZ } from '@stenofleet/asr-core';
import { CodedError, toWireError, type WireError } from '@stenofleet/shared/errors';
import { type ResultManifest } from '@stenofleet/shared/job';
import { describeTranscript, type TranscriptDocument } from '@stenofleet/transcript';
import { type StoredPlan } from './checkpoints.js';
import { type CollectedChunk } from './collect-results.js';
import { type JobRun } from './job-run.js';
import { getMaker } from './served-models.js';
import { type WorkerContext } from './worker-context.js';

export type AssembledTranscript = {
  status: 'done' | 'partial';
  document: TranscriptDocument;
  gaps: ResultManifest['gaps'];
  speechSeconds: number;
  computeSeconds: number;
  /** Of a partial transcript. */
  error?: WireError;
};

/** @throws CodedError `CHUNKS_FAILED`, or the chunk's own error where there is but one failure */
export function assembleTranscript(
  { record, model }: Pick<JobRun, 'record' | 'model'>,
  { plan, chunks }: { plan: StoredPlan; chunks: readonly CollectedChunk[] },
  { versions }: Pick<WorkerContext, 'versions'>,
): AssembledTranscript {
  const results = chunks.flatMap((chunk) => (chunk.kind === 'result' ? [chunk.result] : []));
  const failures = chunks.flatMap((chunk, index) =>
    chunk.kind === 'failure' ? [{ index, error: chunk.failure.error }] : [],
  );
  const error = failures.length > 0 ? describeFailures(failures, chunks.length) : undefined;
  if (error && !(record.spec.plan.partial && results.length > 0)) throw error;

  const transcript = joinChunks(results, plan.prepared);
  const gaps = failures.map(({ index, error: { code } }) => ({
    startSeconds: (plan.chunks[index]?.startSamples ?? 0) / SAMPLE_RATE_HZ,
    endSeconds: (plan.chunks[index]?.endSamples ?? 0) / SAMPLE_RATE_HZ,
    code,
  }));
  const recognizedIn = results.reduce((sum, result) => sum + result.computeSeconds, 0);
  // Detecting speech is measured anew where preparing is: it may not stand in a document, which is the same each time.
  const computeSeconds = recognizedIn + plan.prepared.computeSeconds;
  const { damage, ...audio } = plan.audio;
  const { spec } = record;
  const document = describeTranscript(
    {
      recording: { name: spec.source.name, ...audio },
      transcript,
      damage,
      gaps,
      processingSeconds: recognizedIn,
    },
    {
      model: getMaker(model, spec.plan),
      options: spec.plan,
      versions,
      // Of the request: whichever attempt writes the document, it is the same.
      createdAt: new Date(spec.createdAtMs).toISOString(),
    },
  );
  const { speechSeconds } = document.statistics;
  return error
    ? {
        status: 'partial',
        error: toWireError(error),
        document,
        gaps,
        speechSeconds,
        computeSeconds,
      }
    : { status: 'done', document, gaps, speechSeconds, computeSeconds };
}

/** An error that came through storage, with its own code. */
class ChunkError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Record<string, unknown> | undefined;

  constructor({ code, message, details }: WireError) {
    super(message);
    this.name = 'ChunkError';
    this.code = code;
    // Its retries are over.
    this.retryable = false;
    this.details = details;
  }
}

function describeFailures(
  failures: readonly { index: number; error: WireError }[],
  numChunks: number,
): Error {
  const [first, ...others] = failures;
  if (first && others.length === 0) return new ChunkError(first.error);
  const codes = [...new Set(failures.map(({ error }) => error.code))].join(', ');
  return new CodedError(
    'CHUNKS_FAILED',
    `${failures.length} of ${numChunks} chunks failed (${codes}). A retry does only these again.`,
    { details: { chunks: failures.slice(0, 20).map(({ index, error }) => ({ index, ...error })) } },
  );
}
