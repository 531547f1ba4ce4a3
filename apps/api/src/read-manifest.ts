// What an earlier life of a job has published.

import { CodedError } from '@stenofleet/shared/errors';
import {
  computeFingerprint,
  type JobRecord,
  type JobSpec,
  type ResultManifest,
  resultManifestSchema,
} from '@stenofleet/shared/job';
import { type ApiDependencies } from './dependencies.js';

type Place = Pick<JobSpec['output'], 'prefix' | 'name'>;

export function manifestKey(name: string): string {
  return `${name}.manifest.json`;
}

/** Undefined where there is none, or none that this version understands. */
export async function readManifest(
  { prefix, name }: Place,
  { openStore }: Pick<ApiDependencies, 'openStore'>,
): Promise<ResultManifest | undefined> {
  try {
    const content = await openStore(prefix).read(manifestKey(name));
    return resultManifestSchema.safeParse(JSON.parse(content.toString())).data;
  } catch (error) {
    const isAbsent = error instanceof CodedError && error.code === 'STORE_NOT_FOUND';
    if (isAbsent || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Records a job whose record has left Redis and whose result is still there.
 * @throws CodedError `IDEMPOTENCY_KEY_REUSED`: the key was used for something else
 */
export async function restoreRecord(
  manifest: ResultManifest,
  spec: JobSpec,
  { ledger, now }: Pick<ApiDependencies, 'ledger' | 'now'>,
): Promise<JobRecord> {
  const tell = ({ source, plan }: Pick<JobSpec, 'source' | 'plan'>) =>
    computeFingerprint({ uri: source.uri, plan });
  if (spec.requestFingerprint !== undefined && tell(manifest) !== tell(spec)) {
    throw new CodedError(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request; use a new key for a new request.',
      { field: 'idempotencyKey', details: { job: spec.id } },
    );
  }
  const { status, files, audioSeconds, words, computeSeconds, flags, gaps, attempt } = manifest;
  const finishedAtMs = toMs(manifest.publishedAt, now());
  const record: JobRecord = {
    spec: { ...spec, createdAtMs: toMs(manifest.createdAt, finishedAtMs) },
    status,
    attempt,
    rank: 0,
    audioSeconds,
    doneSeconds: audioSeconds,
    result: {
      files,
      audioSeconds,
      words,
      computeSeconds,
      flags,
      gaps,
      manifestUrl: `${spec.output.prefix}/${manifestKey(spec.output.name)}`,
    },
    finishedAtMs,
    updatedAtMs: now(),
  };
  await ledger.restoreJob(record);
  return record;
}

function toMs(date: string, otherwise: number): number {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? otherwise : ms;
}
