// Plan → jobs and batches at the API. Sent twice, the same thing is the same job; a batch carries a key that comes from
// what it asks for, so that the same command goes on with it.

import { stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { realpath, mkdir } from 'node:fs/promises';
import { AsrError } from '@stenofleet/asr-core';
import {
  type BatchItem,
  type BatchRequestInput,
  type BatchView,
  batchViewSchema,
  computeFingerprint,
  type JobRequestInput,
  type JobView,
  jobViewSchema,
} from '@stenofleet/shared/job';
import { type InputProblem } from '../transcribe/find-recordings.js';
import { type Recording } from '../transcribe/recording.js';
import { type ApiClient } from './api-client.js';
import { ApiError } from './api-error.js';
import { type Manifest, type SubmissionPlan } from './plan-submission.js';
import { createSubmissionStore, type SubmissionStore } from './submission-store.js';
import { uploadFile } from './upload-file.js';
import { openUploadLedger, type LocalFile, type UploadLedger } from './upload-ledger.js';

/** As many as the API takes in one list; a longer one goes as a manifest. */
const MAX_ITEMS = 10_000;

export type SubmitOptions = {
  /** Of every job. */
  job: Omit<JobRequestInput, 'source' | 'idempotencyKey' | 'webhook'>;
  name: string | undefined;
  idempotencyKey: string | undefined;
  webhook: string | undefined;
  include: string[] | undefined;
  exclude: string[] | undefined;
};

export type SubmitServices = {
  client: ApiClient;
  /** Real paths of folders that the API reads itself. */
  sourceRoots: readonly string[];
  /** The fleet's folder in the data folder. */
  folder: string;
  cwd: string;
  signal: AbortSignal;
  now: () => Date;
  onUpload: (progress: { path: string; doneBytes: number; totalBytes: number }) => void;
};

/** A recording, and the address under which it was sent. */
export type SubmittedRecording = { source: string; recording: Recording };

/** What became of a plan. `isOld`: it was there already. */
export type Submitted = { shown: string; isOld: boolean } & (
  { kind: 'job'; job: JobView } | { kind: 'batch'; batch: BatchView; items: number | undefined }
);

export type Submission = {
  submitted: Submitted[];
  /** What was sent, for the names of its results. */
  recordings: readonly SubmittedRecording[];
  uploads: number;
  /** Files that could not be sent; the others go on without them. */
  problems: InputProblem[];
};

type Sources = Map<Recording, string>;
type Context = SubmitServices & { ledger: UploadLedger; store: SubmissionStore };

/** @throws ApiError, CliError, AsrError */
export async function submitPlan(
  asked: SubmissionPlan,
  options: SubmitOptions,
  services: SubmitServices,
): Promise<Submission> {
  const { client, folder, now } = services;
  const context: Context = {
    ...services,
    ledger: await openUploadLedger(join(folder, 'uploads.jsonl'), { api: client.url, now }),
    store: createSubmissionStore(join(folder, 'submissions')),
  };
  const settled = await settleSources(asked, context);
  const { sources, files, uploads, problems } = settled;
  const plan = { ...asked, recordings: asked.recordings.filter((one) => sources.has(one)) };
  const submitted: Submitted[] = [];
  const count = plan.recordings.length + plan.addresses.length;
  if (count === 1 && plan.prefixes.length === 0 && plan.manifests.length === 0) {
    submitted.push(await submitOne(plan, options, { ...context, sources }));
  } else if (count > 0) {
    submitted.push(await submitList(plan, options, { ...context, sources, files }));
  }
  for (const prefix of plan.prefixes) {
    const { include, exclude } = options;
    const input = { prefix, ...(include && { include }), ...(exclude && { exclude }) };
    submitted.push(await submitBatch({ shown: prefix, input, files: [] }, options, context));
  }
  for (const manifest of plan.manifests) {
    const { address, file } = await settleManifest(manifest, context);
    const { shown } = manifest;
    const input = { manifest: address, ...(file && guessFormat(shown)) };
    const asked = { shown, input, files: file ? [file] : [] };
    submitted.push(await submitBatch(asked, options, context));
  }
  const recordings = [...sources].map(([recording, source]) => ({ source, recording }));
  return { submitted, recordings, uploads, problems };
}

/** An address for each recording; what the API cannot read itself is sent to it. */
async function settleSources({ recordings }: SubmissionPlan, context: Context) {
  const sources: Sources = new Map();
  const files: LocalFile[] = [];
  const toSend: { recording: Recording; file: LocalFile }[] = [];
  const problems: InputProblem[] = [];
  for (const recording of recordings) {
    if (recording.kind === 'url') {
      sources.set(recording, recording.url);
      continue;
    }
    const file = await readFileState(recording.path);
    files.push(file);
    const real = await realpath(recording.path);
    if (context.sourceRoots.some((root) => isBelow(real, root))) {
      sources.set(recording, pathToFileURL(real).href);
      continue;
    }
    if (file.bytes === 0) {
      const error = new AsrError('AUDIO_UNREADABLE', `${recording.shown}: the file is empty.`);
      problems.push({ shown: recording.shown, error });
      continue;
    }
    const known = await context.ledger.find(file);
    if (known === undefined) toSend.push({ recording, file });
    else sources.set(recording, known);
  }
  const totalBytes = toSend.reduce((sum, { file }) => sum + file.bytes, 0);
  let doneBytes = 0;
  for (const { recording, file } of toSend) {
    const before = doneBytes;
    const tell = (sent: number) =>
      context.onUpload({ path: recording.shown, doneBytes: before + sent, totalBytes });
    sources.set(recording, await send(file, { context, onProgress: tell }));
    doneBytes = before + file.bytes;
  }
  return { sources, files, uploads: toSend.length, problems };
}

async function send(
  file: LocalFile,
  { context, onProgress }: { context: Context; onProgress: (sent: number) => void },
): Promise<string> {
  const { client, signal, ledger } = context;
  const upload = await uploadFile(file.path, client, { bytes: file.bytes, signal, onProgress });
  await ledger.add(file, upload);
  return upload.source;
}

/** A job of its own; its identity is that of the recording with its options. */
async function submitOne(
  { recordings: [recording], addresses }: SubmissionPlan,
  options: SubmitOptions,
  context: Context & { sources: Sources },
): Promise<Submitted> {
  const { client, sources, ledger } = context;
  const [address = ''] = addresses;
  const source = recording === undefined ? address : (sources.get(recording) ?? '');
  const { idempotencyKey, webhook } = options;
  const request = (from: string): JobRequestInput => ({
    ...options.job,
    source: from,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(webhook !== undefined && { webhook: { url: webhook } }),
  });
  let status = 0;
  const post = (from: string) =>
    client.request('/v1/jobs', jobViewSchema, {
      method: 'POST',
      json: request(from),
      isIdempotent: true,
      onStatus: (code) => (status = code),
    });
  const shown = recording?.shown ?? address;
  const describe = (job: JobView): Submitted => ({
    kind: 'job',
    shown,
    job,
    isOld: status === 200,
  });
  try {
    return describe(await post(source));
  } catch (error) {
    const isSwept = error instanceof ApiError && error.code === 'SOURCE_NOT_FOUND';
    if (!isSwept || recording?.kind !== 'file' || !source.startsWith('upload:')) throw error;
    // It was uploaded once, and has been removed there since.
    const file = await readFileState(recording.path);
    const again = await uploadFile(file.path, client, {
      bytes: file.bytes,
      signal: context.signal,
      onProgress: () => undefined,
    });
    await ledger.add(file, again);
    sources.set(recording, again.source);
    return describe(await post(again.source));
  }
}

async function submitList(
  { recordings, addresses }: SubmissionPlan,
  options: SubmitOptions,
  context: Context & { sources: Sources; files: LocalFile[] },
): Promise<Submitted> {
  const { sources, files } = context;
  const prefix = options.job.output?.prefix?.replace(/\/+$/, '');
  const items: BatchItem[] = [
    ...recordings.map((recording) => {
      const source = sources.get(recording) ?? '';
      // Folders stay apart where results go to one place.
      const below = recording.kind === 'file' ? recording.below : '';
      if (prefix === undefined || below === '') return { source };
      return { source, output: { prefix: `${prefix}/${encodePath(below, prefix)}` } };
    }),
    ...addresses.map((source) => ({ source })),
  ];
  const shown = recordings[0]?.shown ?? addresses[0] ?? '';
  const isLocal = addresses.length === 0 && recordings.every(({ kind }) => kind === 'file');
  const request = { shown, files, items: items.length, isSettled: isLocal };
  if (items.length <= MAX_ITEMS) {
    return submitBatch({ ...request, input: { items } }, options, context);
  }
  const path = join(context.folder, `list-${process.pid}.jsonl`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  try {
    const { address } = await settleManifest({ shown, path }, context);
    const input = { manifest: address, format: 'jsonl' as const };
    return await submitBatch({ ...request, input }, options, context);
  } finally {
    await unlink(path);
  }
}

type BatchAsked = {
  shown: string;
  input: BatchRequestInput['input'];
  /** Files on this machine that it depends on. */
  files: readonly LocalFile[];
  items?: number;
  /** The same command can come to nothing else, even when the batch has ended. */
  isSettled?: boolean;
};

async function submitBatch(
  { shown, input, files, items, isSettled = false }: BatchAsked,
  options: SubmitOptions,
  { client, store }: Context,
): Promise<Submitted> {
  const { name, webhook, job } = options;
  const request: BatchRequestInput = {
    input,
    defaults: job,
    ...(name !== undefined && { name }),
    ...(job.metadata && { metadata: job.metadata }),
    ...(webhook !== undefined && { webhook: { url: webhook } }),
  };
  const fingerprint = computeFingerprint({ api: client.url, request, files });
  const known = await store.read(fingerprint);
  const earlier = known?.batch === undefined ? undefined : await findBatch(known.batch, client);
  const isOver = earlier !== undefined && isBatchOver(earlier);
  // Behind a prefix or an address there may be something else by now.
  if (earlier && options.idempotencyKey === undefined && (!isOver || isSettled)) {
    return { kind: 'batch', shown, batch: earlier, isOld: true, items };
  }
  const isAnother = known?.batch !== undefined && (earlier === undefined || isOver);
  const round = (known?.round ?? 1) + (isAnother ? 1 : 0);
  const idempotencyKey = options.idempotencyKey ?? `steno-${fingerprint}-${round}`;
  // Before the API knows of it: what is broken off here is sent again under the same key.
  await store.write(fingerprint, { round });
  const batch = await client.request('/v1/batches', batchViewSchema, {
    method: 'POST',
    json: { ...request, idempotencyKey },
    isIdempotent: true,
  });
  await store.write(fingerprint, { round, batch: batch.id });
  return { kind: 'batch', shown, batch, isOld: false, items };
}

export function isBatchOver({ status }: Pick<BatchView, 'status'>): boolean {
  return status === 'finished' || status === 'cancelled' || status === 'failed';
}

async function findBatch(id: string, client: ApiClient): Promise<BatchView | undefined> {
  try {
    return await client.request(`/v1/batches/${id}`, batchViewSchema);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'BATCH_NOT_FOUND') return undefined;
    throw error;
  }
}

async function settleManifest(
  manifest: Manifest,
  context: Context,
): Promise<{ address: string; file?: LocalFile }> {
  if ('address' in manifest) return { address: manifest.address };
  const file = await readFileState(manifest.path);
  const known = await context.ledger.find(file);
  const { shown: path } = manifest;
  const tell = (doneBytes: number) => context.onUpload({ path, doneBytes, totalBytes: file.bytes });
  return { address: known ?? (await send(file, { context, onProgress: tell })), file };
}

function guessFormat(name: string): { format: 'jsonl' | 'csv' } {
  return { format: /\.csv$/i.test(name) ? 'csv' : 'jsonl' };
}

async function readFileState(path: string): Promise<LocalFile> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, bytes: size, modifiedMs: mtimeMs };
  } catch (cause) {
    throw new AsrError('AUDIO_NOT_FOUND', `${path}: no such file, or no permission.`, { cause });
  }
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root.endsWith('/') ? root : `${root}/`);
}

/** S3 keys stand in their addresses as they are, paths percent-encoded. */
function encodePath(below: string, prefix: string): string {
  if (!prefix.startsWith('file:')) return below;
  return below.split('/').map(encodeURIComponent).join('/');
}

/**
 * Paths below `outDir` for the results of a job, as `steno transcribe --out` names them: one for each file that was
 * submitted, for files of the same content are one job. Empty where the job knows better.
 */
export function createResultNames({
  recordings,
  prefixes,
}: {
  recordings: readonly SubmittedRecording[];
  prefixes: readonly string[];
}): (job: JobView) => string[] {
  const byContent = new Map<string, SubmittedRecording[]>();
  for (const one of recordings) {
    const content = toContent(one.source);
    const twins = byContent.get(content);
    if (twins) twins.push(one);
    else byContent.set(content, [one]);
  }
  return (job) => {
    const { uri } = job.source;
    const named = (byContent.get(toContent(uri)) ?? []).flatMap(({ source, recording }) =>
      recording.kind === 'file'
        ? [join(recording.below, source === uri ? job.output.name : parse(recording.path).name)]
        : [],
    );
    if (named.length > 0) return [...new Set(named)];
    const prefix = prefixes.find((candidate) => uri.startsWith(candidate));
    if (prefix === undefined) return [];
    const isFile = prefix.startsWith('file:');
    const below = dirname(uri.slice(prefix.length));
    const folder = isFile ? fileURLToPath(`file:///${below}`).slice(1) : below;
    // What others named may hold `..`; results stay below the folder.
    return [join(resolve('/', folder).slice(1), job.output.name)];
  };
}

/** An upload is its hash, whatever its file was called. */
function toContent(source: string): string {
  return source.startsWith('upload:') ? source.slice(0, source.lastIndexOf('/')) : source;
}
