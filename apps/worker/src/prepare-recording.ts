// ③–⑤ A recording to chunks: fetched, decoded, heard, cut. A recording of one chunk is recognised right here; with the
// second chunk it becomes work for all hosts, which begin while the rest is still being prepared.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkLanguage,
  cutChunks,
  type CutChunk,
  type InferenceProcess,
  type OpenedAudio,
  SAMPLE_RATE_HZ,
} from '@stenofleet/asr-core';
import { type StoredPlan, type StoredResult } from './checkpoints.js';
import { findFailure, type JobRun } from './job-run.js';
import { recognizeAudio } from './recognize-audio.js';
import { requireCurrent } from './standing.js';
import { type WorkerContext } from './worker-context.js';

/** A recording of more chunks than this is work for all hosts from its first chunk on. */
const LONG_CHUNKS = 1.5;

/** Audio that is heard for speech at a time, in samples (whole frames of 512). Separate channels are heard together. */
const BLOCK_SAMPLES = { mix: 64 * SAMPLE_RATE_HZ, separate: 16 * SAMPLE_RATE_HZ };

export type Prepared = {
  plan: StoredPlan;
  /** Of the only chunk, if it was recognised here; of long recordings they lie in scratch. */
  result: StoredResult | undefined;
};

/** @throws CodedError `SOURCE_…`, `STORE_…`, `CHUNK_CRASHES_MODEL`; AsrError; StoppedError */
export async function prepareRecording(run: JobRun, context: WorkerContext): Promise<Prepared> {
  const { record, work, checkpoints, steps } = run;
  const { sources, metrics, workFolder } = context;
  const { source } = record.spec;

  steps.begin('fetch');
  const fetchStarted = performance.now();
  const local = await sources.obtain(source.uri, {
    folder: workFolder,
    etag: source.etag,
    signal: work.signal,
  });
  metrics.observeStep('fetch', performance.now() - fetchStarted);

  let prepared: { plan: StoredPlan; only: CutChunk | undefined };
  const started = performance.now();
  try {
    prepared = await prepareFile(local.path, { run, context });
  } finally {
    await local.release();
  }
  metrics.observeStep('prepare', performance.now() - started);

  const { plan, only } = prepared;
  let result: StoredResult | undefined;
  if (only) {
    steps.begin('recognize');
    result =
      (await checkpoints.readResult(0)) ??
      (await recognizeAudio(
        only,
        { ...run, audioSeconds: plan.chunks[0]?.audioSeconds ?? 0 },
        context,
      ));
  }
  // What takes long to do again is kept: chunks that hosts do, not the minutes of one that lie in memory.
  if (!only && plan.chunks.length > 0) await checkpoints.writePlan(plan);
  return { plan, result };
}

type Preparing = { run: JobRun; context: WorkerContext };

async function prepareFile(path: string, { run, context }: Preparing) {
  const { record, work, model } = run;
  const { track, channels } = record.spec.plan;
  const audio = await context.decoder.openAudio(path, {
    channels,
    blockSamples: BLOCK_SAMPLES[channels],
    signal: work.signal,
    ...(track !== undefined && { track }),
  });
  try {
    const seconds = audio.info.durationSeconds;
    run.steps.begin('prepare', seconds);
    return await context.inference.use(
      model,
      (inference) => cutRecording(audio, inference, { run, context }),
      { signal: work.signal, alone: run.isSuspect },
    );
  } finally {
    await audio.close();
  }
}

async function cutRecording(
  audio: OpenedAudio,
  inference: InferenceProcess,
  { run, context }: Preparing,
): Promise<{ plan: StoredPlan; only: CutChunk | undefined }> {
  const { record, work } = run;
  checkLanguage(inference.capabilities, record.spec.plan.language);
  const chunks: StoredPlan['chunks'] = [];
  const publisher = createChunkPublisher(run, context);
  let first: CutChunk | undefined;
  let heardUntilSamples = 0;
  const { durationSeconds = 0, durationIsEstimate } = audio.info;
  const {
    chunkSeconds = context.chunkSeconds,
    maxSegmentSeconds = inference.capabilities.maxSegmentSeconds,
  } = run.known;
  const isLong = !durationIsEstimate && durationSeconds > LONG_CHUNKS * chunkSeconds;

  const cutting = cutChunks(audio.blocks(), inference, {
    chunkSeconds,
    segments: { maxSegmentSeconds },
    ...(isLong && { durationSeconds }),
    signal: work.signal,
  });
  try {
    for (;;) {
      const next = await cutting.next();
      if (next.done) {
        await publisher.finish();
        const plan = describePlan(audio, { chunks, prepared: next.value });
        const seconds = plan.prepared.durationSamples / SAMPLE_RATE_HZ;
        run.steps.begin('prepare', seconds);
        return { plan, only: first };
      }
      const { startSamples, endSamples } = next.value.plan;
      const audioSeconds = Math.max(0, endSamples - heardUntilSamples) / SAMPLE_RATE_HZ;
      chunks.push({ startSamples, endSamples, audioSeconds });
      heardUntilSamples = Math.max(heardUntilSamples, endSamples);
      // Whether it stays the only one shows with the next; a recording that is much longer need not wait for that.
      if (chunks.length === 1 && !isLong) {
        first = next.value;
        continue;
      }
      if (chunks.length === (isLong ? 1 : 2)) {
        await run.rememberPlan({ fingerprint: run.fingerprint, chunkSeconds, maxSegmentSeconds });
      }
      if (first) {
        await publisher.publish(first, chunks[0]?.audioSeconds ?? 0);
        first = undefined;
      }
      await publisher.publish(next.value, audioSeconds);
    }
  } finally {
    // Ends the decode, too, where something here has failed.
    await cutting.return({ durationSamples: 0, speech: [], levels: [], computeSeconds: 0 });
    await publisher.settle();
  }
}

/** Stores chunks and puts them into the queue, one behind the other, while the next is being cut. */
function createChunkPublisher(run: JobRun, context: WorkerContext) {
  const { record, checkpoints, work, fingerprint } = run;
  let publishing: Promise<void> = Promise.resolve();

  const store = async ({ plan, audio }: CutChunk) => {
    if (await checkpoints.hasChunk(plan.index)) return;
    const path = join(
      context.workFolder,
      `${record.spec.id}-${run.attempt.attempt}-${plan.index}.flac`,
    );
    try {
      await context.decoder.writeFlac(audio, path, { signal: work.signal });
      await checkpoints.writeChunk({ plan, numChannels: audio.length }, path);
    } finally {
      await rm(path, { force: true });
    }
  };
  const publishOne = async (chunk: CutChunk, audioSeconds: number) => {
    const { index } = chunk.plan;
    if ((await checkpoints.hasResult(index)) || (await findFailure(run, index))) return;
    await store(chunk);
    requireCurrent(await context.ledger.checkStanding(run.attempt));
    const ticket = { jobId: record.spec.id, index, fingerprint, audioSeconds };
    await context.queues.addChunk(record, ticket);
  };
  return {
    /** Waits for the chunk before this one only. @throws what that one failed with */
    async publish(chunk: CutChunk, audioSeconds: number): Promise<void> {
      await publishing;
      publishing = publishOne(chunk, audioSeconds);
      // Told to whoever waits for it next.
      publishing.catch(() => undefined);
    },
    finish: () => publishing,
    settle: () => publishing.catch(() => undefined),
  };
}

function describePlan(
  audio: OpenedAudio,
  { chunks, prepared }: Pick<StoredPlan, 'chunks' | 'prepared'>,
): StoredPlan {
  const { info, track } = audio;
  const { damage } = audio.outcome();
  return {
    version: 1,
    chunks,
    prepared,
    audio: {
      bytes: info.bytes,
      container: info.container,
      codec: track.codec,
      sampleRateHz: track.sampleRateHz,
      channels: track.channels,
      track: track.index,
      ...(damage && { damage }),
    },
  };
}
