// ⑩ Document → files in storage, and the manifest last: what it does not name is not there for a reader. Files hold the
// same bytes whichever attempt writes them, so two that overlap cannot spoil each other's.

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  type JobResult,
  type JobSpec,
  type PublishedFile,
  type ResultManifest,
} from '@stenofleet/shared/job';
import { type Outcome } from '@stenofleet/shared/ledger';
import { formatObjectUrl, type ObjectStore } from '@stenofleet/shared/storage';
import {
  createTranscriptFormatter,
  summarizeQuality,
  type TranscriptDocument,
} from '@stenofleet/transcript';
import { type AssembledTranscript } from './assemble-transcript.js';
import { type JobRun } from './job-run.js';
import {
  getManifestKey,
  getOutputKey,
  judgeManifest,
  outputConflict,
  readManifest,
  unpublish,
} from './published-files.js';
import { requireCurrent } from './standing.js';
import { StoppedError } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

const CONTENT_TYPES = {
  json: 'application/json',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

type Publisher = Pick<JobRun, 'record' | 'attempt' | 'work' | 'queuedAtMs'>;
export type PublishedOutcome = Exclude<Outcome, { status: 'failed' }>;

/**
 * The result that an earlier attempt published without being able to say so.
 * @throws CodedError `OUTPUT_CONFLICT` where another job's result is in the way: better now than after the work
 */
export async function findPublished(
  { record, work, queuedAtMs }: Publisher,
  { openStore }: Pick<WorkerContext, 'openStore'>,
): Promise<PublishedOutcome | undefined> {
  const { spec } = record;
  const store = openStore(spec.output.prefix);
  const manifest = await readManifest(store, spec, work.signal);
  if (!manifest) return undefined;
  const whose = judgeManifest(manifest, spec, queuedAtMs);
  if (whose === 'ours') return toOutcome(manifest, getManifestUrl(store, spec));
  if (whose === 'closed' || (whose === 'foreign' && !spec.output.overwrite)) {
    throw outputConflict(store, spec, manifest.jobId);
  }
  return undefined;
}

/** @throws CodedError `OUTPUT_CONFLICT`, `STORE_…`; StoppedError */
export async function publishTranscript(
  publisher: Publisher,
  assembled: AssembledTranscript,
  context: Pick<WorkerContext, 'openStore' | 'ledger' | 'versions' | 'now'>,
): Promise<PublishedOutcome> {
  const { record, attempt, work, queuedAtMs } = publisher;
  const { spec } = record;
  const store = context.openStore(spec.output.prefix);
  const requireStanding = async () => requireCurrent(await context.ledger.checkStanding(attempt));
  requireCurrent(await context.ledger.reportStep(attempt, 'publish'));

  const existing = await readManifest(store, spec, work.signal);
  if (existing) {
    const whose = judgeManifest(existing, spec, queuedAtMs);
    if (whose === 'ours') return toOutcome(existing, getManifestUrl(store, spec));
    if (whose === 'closed' || (whose === 'foreign' && !spec.output.overwrite)) {
      throw outputConflict(store, spec, existing.jobId);
    }
    await requireStanding();
    await unpublish(store, spec, existing.files);
  }

  const files: PublishedFile[] = [];
  try {
    await putFiles(assembled.document, { store, spec, work, requireStanding, files });
    await requireStanding();
  } catch (error) {
    const stopped = work.signal.aborted ? (work.signal.reason as unknown) : error;
    if (stopped instanceof StoppedError && stopped.reason === 'cancelled') {
      await unpublish(store, spec, files);
    }
    throw error;
  }
  const manifest = describeManifest(publisher, { assembled, files }, context);
  const key = getManifestKey(spec);
  const isFirst = await store.put(key, `${JSON.stringify(manifest, undefined, 2)}\n`, {
    contentType: 'application/json',
    when: 'absent',
    signal: work.signal,
  });
  if (isFirst) return toOutcome(manifest, getManifestUrl(store, spec));
  const winner = await readManifest(store, spec, work.signal);
  if (winner && judgeManifest(winner, spec, queuedAtMs) === 'ours') {
    return toOutcome(winner, getManifestUrl(store, spec));
  }
  throw outputConflict(store, spec, winner?.jobId ?? 'unknown');
}

type Putting = {
  store: ObjectStore;
  spec: JobSpec;
  work: Publisher['work'];
  requireStanding: () => Promise<void>;
  /** Gets those that are written. */
  files: PublishedFile[];
};

/** The first file alone: it makes the folder for the others, which then go together and share what makes them last. */
async function putFiles(
  document: TranscriptDocument,
  { store, spec, work, requireStanding, files }: Putting,
): Promise<void> {
  const formatAs = createTranscriptFormatter(document);
  const { formats } = spec.plan;
  const putFile = async (format: PublishedFile['format']) => {
    const key = getOutputKey(spec, format);
    const content = Buffer.from(formatAs(format));
    const contentType = CONTENT_TYPES[format];
    await putSame(store, key, { content, contentType, signal: work.signal, requireStanding });
    const url = formatObjectUrl(store.url, key);
    files.push({ format, url, bytes: content.length, sha256: hash(content) });
  };
  const puts: Promise<void>[] = [];
  for (const format of formats) {
    const put = putFile(format);
    if (puts.length === 0) await put;
    puts.push(put);
    // Told below, when nothing is being written any more.
    put.catch(() => undefined);
    // A long transcript takes a while to write out in each format.
    await setImmediate();
  }
  const failed = (await Promise.allSettled(puts)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  files.sort((a, b) => formats.indexOf(a.format) - formats.indexOf(b.format));
}

/** Creates a file (which changes nothing of another's, so nobody is asked), or replaces one that an attempt before this one has left. */
async function putSame(
  store: ObjectStore,
  key: string,
  {
    content,
    contentType,
    signal,
    requireStanding,
  }: {
    content: Buffer;
    contentType: string;
    signal: AbortSignal;
    requireStanding: () => Promise<void>;
  },
): Promise<void> {
  if (await store.put(key, content, { contentType, when: 'absent', signal })) return;
  const { info, body } = await store.get(key, { signal });
  body.destroy();
  if (info.bytes === content.length) {
    const there = await store.read(key, { maxBytes: content.length, signal });
    if (there.equals(content)) return;
  }
  await requireStanding();
  await store.put(key, content, { contentType, signal });
}

function describeManifest(
  { record, attempt }: Publisher,
  { assembled, files }: { assembled: AssembledTranscript; files: PublishedFile[] },
  { versions, now }: Pick<WorkerContext, 'versions' | 'now'>,
): ResultManifest {
  const { spec } = record;
  const { document, status, gaps, speechSeconds, computeSeconds } = assembled;
  return {
    schema: 'stenofleet.manifest',
    version: 1,
    jobId: spec.id,
    tenant: spec.tenant,
    status,
    source: spec.source,
    plan: spec.plan,
    metadata: spec.metadata,
    files,
    audioSeconds: document.recording.durationSeconds,
    speechSeconds,
    words: document.statistics.words,
    computeSeconds,
    flags: document.flags.map(({ code, message }) => ({ code, message })),
    quality: summarizeQuality(document),
    gaps,
    attempt: attempt.attempt,
    versions,
    createdAt: new Date(spec.createdAtMs).toISOString(),
    publishedAt: new Date(now()).toISOString(),
  };
}

function toOutcome(manifest: ResultManifest, manifestUrl: string): PublishedOutcome {
  const { status, files, audioSeconds, words, computeSeconds, flags, quality, gaps } = manifest;
  const result: JobResult = {
    ...{ files, audioSeconds, words, computeSeconds, flags, quality, gaps },
    manifestUrl,
  };
  return { status, result };
}

function getManifestUrl(store: ObjectStore, spec: JobSpec): string {
  return formatObjectUrl(store.url, getManifestKey(spec));
}

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
