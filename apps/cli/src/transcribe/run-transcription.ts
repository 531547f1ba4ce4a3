// A whole run of `steno transcribe`: what is to be done → one inference process → each recording → the sum of it.

import { join } from 'node:path';
import {
  createAudioDecoder,
  planLaneBytes,
  planLaneCount,
  readMachineLimits,
} from '@stenofleet/asr-core';
import { countModelBytes, type ResolvedModel, withBetterTier } from '@stenofleet/model-store';
import { summarizeQuality, type TranscriptFormat } from '@stenofleet/transcript';
import { describeError } from '../describe-error.js';
import { readVersions } from '../read-versions.js';
import { type Reporter, type RunSummary, type Ticket } from '../terminal/reporter.js';
import { createSummary } from './create-summary.js';
import { createBetterTier } from './create-better-tier.js';
import { type Maker, type SpeechOptions } from './describe-transcript.js';
import { removeAbandonedDownloads } from './fetch-recording.js';
import { diskTree } from './file-tree.js';
import { findRecordings } from './find-recordings.js';
import { createLedger } from './ledger.js';
import { describeMadeWith } from './made-with.js';
import { measureDurations } from './measure-durations.js';
import { openInference } from './open-inference.js';
import { type PlannedRecording, planRun } from './plan-run.js';
import { type RecordingOutcome, runRecordings } from './run-recordings.js';
import { requirePrograms } from './require-programs.js';
import { requireWritable } from './require-writable.js';
import { describeSkipped, settleEarly } from './settle-early.js';
import {
  type TranscribeContext,
  type TranscribedRecording,
  transcribeRecording,
} from './transcribe-recording.js';

/** How long a model run may go on after everything else was told to stop; it is killed then. */
const CLOSE_TIMEOUT_MS = 800;

export type TranscriptionRequest = {
  inputs: readonly string[];
  model: ResolvedModel;
  /** For what is doubtful, if the user allows it and it is installed. */
  betterTier: ResolvedModel | undefined;
  /** In the order in which outputs are published. */
  formats: readonly TranscriptFormat[];
  /** Absolute. */
  outDir: string | undefined;
  speech: SpeechOptions;
  lanes: number | undefined;
  force: boolean;
};

export type TranscriptionServices = {
  dataDir: string;
  cwd: string;
  signal: AbortSignal;
  now: () => Date;
  reporter: Reporter;
};

type Job = { ticket: Ticket; plan: PlannedRecording };

/** @throws CliError, AsrError for what makes the whole run impossible; a recording's failure is in the summary. */
export async function runTranscription(
  request: TranscriptionRequest,
  services: TranscriptionServices,
): Promise<RunSummary> {
  const startedMs = performance.now();
  const { dataDir, cwd, signal, now, reporter } = services;
  const { model, betterTier, speech, formats, outDir, force } = request;
  const maker: Maker = {
    model: betterTier ? withBetterTier(model, betterTier) : model,
    options: speech,
    versions: await readVersions(),
  };
  const options = describeMadeWith(maker);
  const ledger = createLedger(join(dataDir, 'ledger'));
  await requireWritable(dataDir);
  const { recordings, problems } = await findRecordings(request.inputs, { tree: diskTree, cwd });
  const { id: modelId, demo: isDemo } = model.manifest;
  const places = { ledger, formats, outDir, cwd };
  const plans = await planRun(recordings, { ...places, force, options, isDemo, signal });
  const laneCount = request.lanes ?? (await planLanes(model, betterTier));

  const count = problems.length + plans.length;
  const summary = createSummary({ count, modelId, isDemo });
  const finish = (ticket: Ticket, outcome: RecordingOutcome) => {
    summary.add(ticket, outcome);
    reporter.recordingFinished(ticket, outcome);
  };
  reporter.runStarted({ count, laneCount, modelId, tier: model.tier, isDemo });
  for (const [index, { shown, error }] of problems.entries()) {
    finish({ index, shown }, { status: 'failed', error: describeError(error) });
  }
  const jobs: Job[] = [];
  for (const [at, plan] of plans.entries()) {
    const ticket = { index: problems.length + at, shown: plan.recording.shown };
    const outcome = await settleEarly(plan);
    if (outcome) finish(ticket, outcome);
    else jobs.push({ ticket, plan });
  }
  if (jobs.length > 0) {
    await requirePrograms();
    const downloadsFolder = join(dataDir, 'downloads');
    await removeAbandonedDownloads(downloadsFolder);
    const context = { ledger, downloadsFolder, maker, options, signal, now };
    await transcribeJobs(jobs, { ...context, betterTier, laneCount, reporter, onFinish: finish });
  }
  return summary.get((performance.now() - startedMs) / 1000);
}

async function transcribeJobs(
  jobs: readonly Job[],
  {
    betterTier,
    laneCount,
    reporter,
    onFinish,
    ...context
  }: Omit<TranscribeContext, 'decoder' | 'inference' | 'useBetterTier'> & {
    betterTier: ResolvedModel | undefined;
    laneCount: number;
    reporter: Reporter;
    onFinish: (ticket: Ticket, outcome: RecordingOutcome) => void;
  },
): Promise<void> {
  const { maker, signal } = context;
  const closeTimeoutMs = CLOSE_TIMEOUT_MS;
  const better = betterTier && createBetterTier(betterTier, { signal, closeTimeoutMs });
  const decoder = createAudioDecoder();
  const inference = await openInference(
    { model: maker.model.description, laneCount, closeTimeoutMs },
    signal,
  );
  const measuring = reporter.wantsDurations
    ? measureDurations(jobs, {
        decoder,
        signal,
        onMeasured: (ticket, seconds) => reporter.recordingMeasured(ticket, seconds),
      })
    : undefined;
  const work = ({ ticket, plan }: Job) =>
    transcribeRecording(
      plan,
      { ...context, decoder, inference, useBetterTier: better?.use },
      {
        onOpened: (seconds) => reporter.recordingMeasured(ticket, seconds),
        onProgress: (seconds) => reporter.recordingProgress(ticket, seconds),
      },
    );
  try {
    await runRecordings(jobs, async (job) => describeOutcome(job.plan, await work(job)), {
      limit: laneCount + 1,
      signal,
      onStart: ({ ticket }) => reporter.recordingStarted(ticket),
      onFinish: ({ ticket }, outcome) => onFinish(ticket, outcome),
    });
  } finally {
    await Promise.all([inference.close(), better?.close()]);
    await measuring;
  }
}

function describeOutcome(plan: PlannedRecording, result: TranscribedRecording): RecordingOutcome {
  if (result.kind === 'unchanged') return describeSkipped(plan);
  const { recording, statistics, flags } = result.document;
  const replaces = plan.judgement.kind === 'to-write' ? plan.judgement.replaces : undefined;
  return {
    status: 'done',
    outputs: plan.outputs.map(({ path }) => path),
    durationSeconds: recording.durationSeconds,
    processingSeconds: statistics.processingSeconds ?? 0,
    words: statistics.words,
    quality: summarizeQuality(result.document),
    flags,
    ...(replaces !== undefined && { replaces }),
  };
}

/** A better tier will want one lane beside them. */
async function planLanes(
  model: ResolvedModel,
  betterTier: ResolvedModel | undefined,
): Promise<number> {
  const { cpus, memoryBytes } = await readMachineLimits();
  const betterTierBytes = betterTier ? planLaneBytes(countModelBytes(betterTier)) : 0;
  return planLaneCount({
    cpus,
    memoryBytes: memoryBytes - betterTierBytes,
    modelBytes: countModelBytes(model),
  });
}
