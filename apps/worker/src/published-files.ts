// What lies under a job's output name, and whose it is.

import { CodedError } from '@stenofleet/shared/errors';
import {
  type JobSpec,
  outputFormats,
  type ResultManifest,
  resultManifestSchema,
} from '@stenofleet/shared/job';
import { formatObjectUrl, type ObjectStore } from '@stenofleet/shared/storage';

export function getManifestKey({ output }: JobSpec): string {
  return `${output.name}.manifest.json`;
}

export function getOutputKey({ output }: JobSpec, format: (typeof outputFormats)[number]): string {
  return `${output.name}.${format}`;
}

/** Undefined where nothing is published under the name. A manifest that is none of ours is a conflict. */
export async function readManifest(
  store: ObjectStore,
  spec: JobSpec,
  signal: AbortSignal,
): Promise<ResultManifest | undefined> {
  const key = getManifestKey(spec);
  if (!(await store.head(key, signal))) return undefined;
  let content: Buffer;
  try {
    content = await store.read(key, { signal });
  } catch (error) {
    if (error instanceof CodedError && error.code === 'STORE_NOT_FOUND') return undefined;
    throw error;
  }
  const parsed = resultManifestSchema.safeParse(parseJson(content.toString()));
  if (parsed.success) return parsed.data;
  throw new CodedError('OUTPUT_CONFLICT', `${store.url}/${key} is no manifest of ours.`);
}

/** Whose result a manifest tells of, as this request of the job sees it. */
export function judgeManifest(
  manifest: ResultManifest,
  spec: JobSpec,
  queuedAtMs: number,
): 'ours' | 'stale' | 'foreign' | 'closed' {
  // Another tenant's may not even be overwritten.
  if (manifest.tenant !== spec.tenant) return 'closed';
  if (manifest.jobId !== spec.id) return 'foreign';
  const isOfThisLife = manifest.createdAt === new Date(spec.createdAtMs).toISOString();
  if (!isOfThisLife) return spec.output.overwrite ? 'stale' : 'ours';
  // The user asked for the missing parts after that was published.
  const isRetried = manifest.status === 'partial' && Date.parse(manifest.publishedAt) < queuedAtMs;
  return isRetried ? 'stale' : 'ours';
}

/** Takes a result away: first the manifest, so that nobody trusts the rest, then the files that it names. */
export async function unpublish(
  store: ObjectStore,
  spec: JobSpec,
  files: readonly { url: string }[],
): Promise<void> {
  const named = new Set(files.map(({ url }) => url));
  // Only what can be a result under this name: a manifest may be anybody's text.
  const keys = outputFormats
    .map((format) => getOutputKey(spec, format))
    .filter((key) => named.has(formatObjectUrl(store.url, key)));
  await store.delete([getManifestKey(spec)]);
  await store.delete(keys);
}

export function outputConflict(store: ObjectStore, spec: JobSpec, by: string): CodedError {
  return new CodedError(
    'OUTPUT_CONFLICT',
    `${store.url}/${spec.output.name} holds the result of another job (${by}). Choose another name or prefix, or allow overwriting.`,
    { details: { job: by } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
