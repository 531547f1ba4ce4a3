// One recording, from its source to its published transcript.

import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  AsrError,
  type AudioDecoder,
  type Inference,
  SAMPLE_RATE_HZ,
  transcribeAudio,
  type UseBetterTier,
} from '@stenofleet/asr-core';
import { createTranscriptFormatter, type TranscriptDocument } from '@stenofleet/transcript';
import { toDiskError } from '../disk-error.js';
import { describeTranscript, type Maker } from './describe-transcript.js';
import { fetchRecording } from './fetch-recording.js';
import { isSameSource } from './judge-outputs.js';
import { type Ledger, type SourceState } from './ledger.js';
import { getMadeWith } from './made-with.js';
import { type PlannedRecording } from './plan-run.js';
import { getSourceId } from './recording.js';
import { publishFiles, removeAbandoned } from './write-atomically.js';

export type TranscribeContext = {
  decoder: AudioDecoder;
  inference: Inference;
  useBetterTier: UseBetterTier | undefined;
  ledger: Ledger;
  downloadsFolder: string;
  maker: Maker;
  /** See `LedgerEntry.options`. */
  options: string;
  signal: AbortSignal;
  now: () => Date;
};

export type TranscribeEvents = {
  onOpened: (durationSeconds: number | undefined) => void;
  onProgress: (doneSeconds: number) => void;
};

export type TranscribedRecording =
  { kind: 'unchanged' } | { kind: 'transcribed'; document: TranscriptDocument };

/** @throws AsrError, CliError */
export async function transcribeRecording(
  plan: PlannedRecording,
  context: TranscribeContext,
  events: TranscribeEvents,
): Promise<TranscribedRecording> {
  const local = await obtainSource(plan, context);
  if (local === undefined) return { kind: 'unchanged' };
  try {
    if (plan.judgement.kind === 'whole' && isSameSource(plan.entry, local.source)) {
      return { kind: 'unchanged' };
    }
    const document = await transcribeFile(plan, local.path, { ...context, ...events });
    await publish(plan, document, { ...context, source: local.source });
    return { kind: 'transcribed', document };
  } finally {
    await local.release();
  }
}

/** What a file looks like from outside. @throws AsrError `AUDIO_NOT_FOUND` */
export async function readSourceState(path: string, id: string): Promise<SourceState> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { id, bytes: size, modifiedMs: mtimeMs };
  } catch (cause) {
    throw new AsrError('AUDIO_NOT_FOUND', `${path}: no such file, or no permission.`, { cause });
  }
}

type LocalSource = { path: string; source: SourceState; release: () => Promise<void> };

/** A file to read from; undefined where the server says that what it has is what was transcribed before. */
async function obtainSource(
  { recording, entry, judgement }: PlannedRecording,
  { downloadsFolder, signal }: TranscribeContext,
): Promise<LocalSource | undefined> {
  const id = getSourceId(recording);
  if (recording.kind === 'file') {
    const source = await readSourceState(recording.path, id);
    return { path: recording.path, source, release: () => Promise.resolve() };
  }
  const knownEtag = judgement.kind === 'whole' ? entry?.source.etag : undefined;
  const fetched = await fetchRecording(recording.url, {
    folder: downloadsFolder,
    knownEtag,
    signal,
  });
  if (fetched.kind === 'unchanged') return undefined;
  const { path, bytes, sha256, etag } = fetched;
  return {
    path,
    source: { id, bytes, sha256, ...(etag !== undefined && { etag }) },
    release: () => rm(path, { force: true }),
  };
}

async function transcribeFile(
  { recording }: PlannedRecording,
  path: string,
  context: TranscribeContext & TranscribeEvents,
): Promise<TranscriptDocument> {
  const { decoder, inference, useBetterTier, maker, signal } = context;
  const { language, channels, track, punctuation, inverseTextNormalization } = maker.options;
  const startedMs = performance.now();
  const audio = await decoder.openAudio(path, {
    channels,
    signal,
    ...(track !== undefined && { track }),
  });
  try {
    context.onOpened(audio.info.durationSeconds);
    const transcript = await transcribeAudio(audio.blocks(), inference, {
      signal,
      decoding: { language, punctuation, inverseTextNormalization },
      useBetterTier,
      onProgress: ({ doneSamples }) => context.onProgress(doneSamples / SAMPLE_RATE_HZ),
    });
    return describeTranscript(
      {
        name: recording.name,
        audio,
        transcript,
        processingSeconds: (performance.now() - startedMs) / 1000,
        createdAt: context.now().toISOString(),
      },
      maker,
    );
  } finally {
    await audio.close();
  }
}

async function publish(
  plan: PlannedRecording,
  document: TranscriptDocument,
  { ledger, maker, options, source, now }: TranscribeContext & { source: SourceState },
): Promise<void> {
  const { base, entry, outputs } = plan;
  const formatAs = createTranscriptFormatter(document);
  const files = outputs.map(({ format, path }) => ({ path, content: formatAs(format) }));
  const hashes = Object.fromEntries(files.map(({ path, content }) => [path, hash(content)]));
  const isSameJob = entry?.options === options && isSameSource(entry, source);
  const existing = plan.states.flatMap(({ path, sha256 }) =>
    sha256 === undefined ? [] : [[path, sha256] as const],
  );
  const earlier = { ...entry?.earlier, ...entry?.outputs, ...Object.fromEntries(existing) };
  const earlierOptions = Object.entries(earlier).flatMap(([path, sha256]) => {
    const madeWith = getMadeWith(entry, { path, sha256 });
    return madeWith === undefined ? [] : [[path, madeWith] as const];
  });
  try {
    await mkdir(dirname(base), { recursive: true });
    await removeAbandoned(outputs.map(({ path }) => path));
    await publishFiles(files, () =>
      ledger.write({
        version: 1,
        base,
        source,
        options,
        outputs: { ...(isSameJob && entry.outputs), ...hashes },
        earlier,
        earlierOptions: Object.fromEntries(earlierOptions),
        flags: document.flags,
        versions: maker.versions,
        writtenAt: now().toISOString(),
      }),
    );
  } catch (error) {
    throw toDiskError(error, dirname(base));
  }
}

function hash(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
