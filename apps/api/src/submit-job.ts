// ① A request becomes a job: validated, identified, recorded, put into its queue. When `submitJob` answers, the job is in
// Redis, twice: in the ledger and in the queue. A crash between the two is healed by the next submission and by the
// workers' reconciler.

import { CodedError } from '@stenofleet/shared/errors';
import {
  computeFingerprint,
  computeJobId,
  computeKeyedId,
  type JobPlan,
  type JobRecord,
  type JobRequest,
  type JobSpec,
} from '@stenofleet/shared/job';
import { createQuotaError, type Quota } from '@stenofleet/shared/ledger';
import { type SourceInfo } from '@stenofleet/shared/source';
import { RESULTS_PREFIX } from '@stenofleet/shared/storage';
import { checkWebhook } from './check-webhook.js';
import { type ApiDependencies, type Principal } from './dependencies.js';
import { chooseOutputPrefix, planOutputNames } from './plan-output.js';
import { readManifest, restoreRecord } from './read-manifest.js';
import { checkSource, inspectSource, toSourceIdentity } from './submit-source.js';
import { readQuota } from './tenant-quota.js';

export type SubmitContext = {
  principal: Pick<Principal, 'tenant'>;
  batch?: string;
  /** Place in the batch, counted from 1. */
  item?: number;
  /** What a listing told of the source: it is not asked again. A folder in `relativePath` becomes part of the name. */
  known?: SourceInfo & { relativePath?: string };
  signal?: AbortSignal;
};

export type Submitted = { record: JobRecord; created: boolean };

/**
 * Same tenant, recording, model, tier, options and output give the same job, now and after its record has left Redis.
 * @throws CodedError `SOURCE_…`, `REQUEST_INVALID` (webhook), `PATH_FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `OUTPUT_CONFLICT`, `QUOTA_EXCEEDED`, `STORE_…`,
 * `REDIS_UNAVAILABLE`; OptionError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `LANGUAGE_UNSUPPORTED`, `LANGUAGE_REQUIRED`
 */
export async function submitJob(
  request: JobRequest,
  context: SubmitContext,
  dependencies: ApiDependencies,
): Promise<Submitted> {
  const { ledger, queues, models } = dependencies;
  const { tenant } = context.principal;
  const uri = checkSource(request.source, { tenant, dependencies });
  const prefix = chooseOutputPrefix(request.output.prefix, { tenant, dependencies });
  checkWebhook(request.webhook, dependencies.config);
  const plan = toPlan(request, await models.choose(request));

  const { idempotencyKey } = request;
  const fingerprint = idempotencyKey === undefined ? undefined : fingerprintOf(request, uri);
  if (idempotencyKey !== undefined) {
    // Asked before the source is: a client that repeats its request gets its job, whatever became of the recording.
    const known = await ledger.getJob(computeKeyedId('job', tenant, idempotencyKey));
    if (known !== undefined) return answerExisting(known, { fingerprint, queues });
  }

  const info = await inspectSource(uri, {
    known: context.known,
    signal: context.signal,
    dependencies,
  });
  const id =
    idempotencyKey === undefined
      ? computeJobId({
          tenant,
          source: toSourceIdentity(info),
          plan,
          output: { prefix, name: request.output.name },
        })
      : computeKeyedId('job', tenant, idempotencyKey);
  const known = idempotencyKey === undefined ? await ledger.getJob(id) : undefined;
  if (known !== undefined) return answerExisting(known, { fingerprint, queues });

  const spec: Omit<JobSpec, 'output'> = {
    id,
    tenant,
    ...(context.batch !== undefined && { batch: context.batch }),
    source: {
      uri: info.uri,
      name: info.name,
      ...(info.bytes !== undefined && { bytes: info.bytes }),
      ...(info.etag !== undefined && { etag: info.etag }),
    },
    plan,
    priority: request.priority,
    metadata: request.metadata,
    ...(request.webhook !== undefined && { webhook: request.webhook }),
    ...(fingerprint !== undefined && { requestFingerprint: fingerprint }),
    createdAtMs: dependencies.now(),
  };
  const names = planOutputNames(request.output.name, { info, isShared: prefix !== undefined });
  const output = {
    prefix: prefix ?? `${dependencies.storage.url}/${RESULTS_PREFIX}${tenant}/${id}`,
    overwrite: request.output.overwrite,
  };
  const quota = await readQuota(tenant, dependencies);
  return createAt(names, {
    spec,
    output,
    create: (output) => create({ ...spec, output }, { context, quota, fingerprint, dependencies }),
    dependencies,
  });
}

type Creation = Submitted | 'output-taken';

/** Under the first of these names that no other job has. */
async function createAt(
  names: readonly string[],
  {
    spec,
    output,
    create,
    dependencies,
  }: {
    spec: Omit<JobSpec, 'output'>;
    output: Omit<JobSpec['output'], 'name'>;
    create: (output: JobSpec['output']) => Promise<Creation>;
    dependencies: ApiDependencies;
  },
): Promise<Submitted> {
  for (const name of names) {
    const place = { ...output, name };
    const manifest = await readManifest(place, dependencies);
    if (manifest?.jobId === spec.id) {
      return {
        record: await restoreRecord(manifest, { ...spec, output: place }, dependencies),
        created: false,
      };
    }
    // A prefix may be shared: what another tenant has published there is not this one's to replace.
    const mayReplace = output.overwrite && manifest?.tenant === spec.tenant;
    if (manifest !== undefined && !mayReplace) continue;
    const creation = await create(place);
    if (creation !== 'output-taken') return creation;
  }
  throw new CodedError(
    'OUTPUT_CONFLICT',
    `Another job publishes as "${names[0] ?? ''}" under this prefix. Give another output.name, or output.overwrite for what is finished.`,
    { field: 'output.name' },
  );
}

async function create(
  spec: JobSpec,
  {
    context,
    quota,
    fingerprint,
    dependencies: { ledger, queues },
  }: {
    context: SubmitContext;
    quota: Quota;
    fingerprint: string | undefined;
    dependencies: ApiDependencies;
  },
): Promise<Creation> {
  const created = await ledger.createJob(spec, {
    quota,
    ...(context.item !== undefined && { item: context.item }),
  });
  switch (created.kind) {
    case 'created':
      await queues.addJob(created.record);
      return { record: created.record, created: true };
    case 'existing':
      return answerExisting(created.record, { fingerprint, queues });
    case 'output-taken':
      return 'output-taken';
    case 'quota':
      throw createQuotaError(created);
  }
}

async function answerExisting(
  record: JobRecord,
  { fingerprint, queues }: { fingerprint: string | undefined; queues: ApiDependencies['queues'] },
): Promise<Submitted> {
  if (record.spec.requestFingerprint !== fingerprint) {
    throw new CodedError(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request; use a new key for a new request.',
      { field: 'idempotencyKey', details: { job: record.spec.id } },
    );
  }
  // A queue holds a ticket once: this does something only where one is missing.
  if (record.status === 'queued') await queues.addJob(record);
  return { record, created: false };
}

function toPlan(
  request: JobRequest,
  choice: { model: string; tier: string; language?: string },
): JobPlan {
  const { channels, track, formats, partial } = request;
  const { punctuation, inverseTextNormalization, betterTier } = request;
  return {
    ...{ ...choice, channels, formats, partial },
    ...(track !== undefined && { track }),
    // Only what differs from the default: ids stay what they were before there was the choice.
    ...(punctuation === false && { punctuation }),
    ...(inverseTextNormalization && { inverseTextNormalization }),
    ...(betterTier && { betterTier }),
  };
}

function fingerprintOf(request: JobRequest, uri: string): string {
  return computeFingerprint({ ...request, idempotencyKey: undefined, source: uri });
}
