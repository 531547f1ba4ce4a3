// What has become of a job, seen from outside: its outputs in storage, its events, what is left of it.

import { createHash } from 'node:crypto';
import { type Fleet } from '@stenofleet/shared/fleet';
import {
  type JobRecord,
  type JobSpec,
  outputFormats,
  resultManifestSchema,
} from '@stenofleet/shared/job';
import { SCRATCH_PREFIX } from '@stenofleet/shared/storage';
import { parseTranscriptDocument } from '@stenofleet/transcript';

export type StoredObject = { key: string; bytes: number; etag: string; modifiedAtMs: number };
export type Words = readonly unknown[];

/** Whatever lies under the job's output prefix. */
export async function listOutputs(fleet: Fleet, spec: JobSpec): Promise<StoredObject[]> {
  const prefix = `${toKey(fleet, spec.output.prefix)}/`;
  const objects = await fleet.storage.list({ prefix });
  return objects.map(({ modifiedAt, ...rest }) => ({
    ...rest,
    modifiedAtMs: modifiedAt.getTime(),
  }));
}

/** Indexes of the chunks whose result is stored. */
export async function listFinishedChunks(fleet: Fleet, id: string): Promise<number[]> {
  const objects = await fleet.storage.list({ prefix: `${SCRATCH_PREFIX}${id}/` });
  return objects.flatMap(({ key }) => findResultIndex(key) ?? []);
}

/** Of a key or an address. */
export function findResultIndex(text: string): number | undefined {
  const found = /chunk-(\d+)\.result\.json/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

export async function readWords(fleet: Fleet, { result }: JobRecord): Promise<Words> {
  const url = result?.files.find(({ format }) => format === 'json')?.url ?? '';
  const content = await fleet.storage.read(toKey(fleet, url));
  const document = parseTranscriptDocument(JSON.parse(content.toString()));
  return document.segments.flatMap(({ words }) => words);
}

/**
 * How often a result is there beyond the one time that it should be: events of its end, manifests, files that nobody
 * names or that are not what the manifest says.
 */
export async function countDoubles(fleet: Fleet, record: JobRecord): Promise<number> {
  const { spec, result } = record;
  const outputs = await listOutputs(fleet, spec);
  const manifests = outputs.filter(({ key }) => key.endsWith('.manifest.json'));
  const content = await fleet.storage.read(toKey(fleet, result?.manifestUrl ?? ''));
  const manifest = resultManifestSchema.parse(JSON.parse(content.toString()));
  let wrong = manifest.jobId === spec.id ? 0 : 1;
  for (const { url, bytes, sha256 } of manifest.files) {
    const file = await fleet.storage.read(toKey(fleet, url));
    const hash = createHash('sha256').update(file).digest('hex');
    if (file.length !== bytes || hash !== sha256) wrong += 1;
  }
  const formats = new Set(manifest.files.map(({ format }) => format));
  if (formats.size !== outputFormats.length) wrong += 1;
  const unnamed = outputs.length - manifests.length - manifest.files.length;
  return manifests.length - 1 + unnamed + wrong + ((await countEnds(fleet, spec.id)) - 1);
}

/** What is left of a job that is over: scratch and tickets. */
export async function countLeftovers(fleet: Fleet, { spec }: JobRecord): Promise<number> {
  const { queues, storage } = fleet;
  const { model, tier } = spec.plan;
  const scratch = await storage.list({ prefix: `${SCRATCH_PREFIX}${spec.id}/` });
  const ticket = await queues.get(queues.catalogue.jobs(model, tier)).getJob(spec.id);
  const chunks = await queues
    .get(queues.catalogue.chunks(model, tier))
    .getJobs(['active', 'waiting', 'prioritized', 'delayed']);
  const mine = chunks.filter(({ data }) => (data as { jobId?: string }).jobId === spec.id);
  return scratch.length + (ticket ? 1 : 0) + mine.length;
}

/** Events that tell that the job is over. */
async function countEnds({ redis, keys }: Fleet, id: string): Promise<number> {
  const entries = await redis.xrange(keys.events, '-', '+');
  return entries
    .map(([, [, text = '{}']]) => JSON.parse(text) as { job?: string; type?: string })
    .filter(({ job, type }) => job === id && /^job\.(done|partial|failed)$/.test(type ?? ''))
    .length;
}

function toKey({ storage }: Fleet, url: string): string {
  if (!url.startsWith(`${storage.url}/`)) throw new Error(`${url} is not in ${storage.url}.`);
  return url.slice(storage.url.length + 1);
}
