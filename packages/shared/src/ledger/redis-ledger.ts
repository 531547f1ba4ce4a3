// The ledger in Redis: thin calls of the scripts, and pages of the indexes.

import { createHash } from 'node:crypto';
import { type Redis } from 'ioredis';
import { CodedError, type WireError } from '../errors/index.js';
import {
  type JobRecord,
  type JobSpec,
  priorities,
  type RefusedItem,
  refusedItemSchema,
} from '../job/index.js';
import { type RedisKeys } from '../queue/redis-keys.js';
import { toRedisError } from '../queue/redis-connection.js';
import { formatObjectUrl } from '../storage/object-url.js';
import { type Attempt, type Created, type Ledger, type Standing } from './ledger.js';
import { parseBatch, parseJob, toHash } from './ledger-records.js';
import { listByItem, listByTime } from './pages.js';
import { createQuotaError, type QuotaRefusal } from './quota-error.js';
import { readEvents } from './read-events.js';
import { createScript, type ScriptArgument, type ScriptReply } from './script-runner.js';
import { batchScripts } from './batch-scripts.js';
import { jobScripts } from './job-scripts.js';

export type LedgerOptions = {
  keys: RedisKeys;
  /** Final jobs and batches leave Redis after this. */
  retentionMs: number;
  /** ms since 1970. */
  now: () => number;
};

const EXPIRED_PER_CALL = 500;

/** `redis` stays the caller's. */
export function createLedger(redis: Redis, { keys, retentionMs, now }: LedgerOptions): Ledger {
  const compile = <Name extends string>(scripts: Record<Name, string>) =>
    Object.fromEntries(
      Object.entries<string>(scripts).map(([name, source]) => [
        name,
        createScript(redis, { source, tag: keys.tag }),
      ]),
    ) as Record<Name, ReturnType<typeof createScript>>;
  const jobs = compile(jobScripts);
  const batches = compile(batchScripts);
  const toStanding = (reply: ScriptReply) => reply as Standing;
  const toRecord = (reply: ScriptReply): JobRecord | undefined =>
    reply === null ? undefined : parseJob(toHash(reply));
  const end = async (id: string, status: 'failed' | 'cancelled', error?: WireError) =>
    toRecord(
      await jobs.end(id, status, error && JSON.stringify(error), error?.code, now(), retentionMs),
    );

  const getJobs = async (ids: readonly string[]) => {
    const hashes = await readHashes(
      redis,
      ids.map((id) => keys.job(id)),
    );
    return hashes.map((hash) => hash && parseJob(hash));
  };
  const getBatch = async (id: string) => {
    const [hash, failures] = await readHashes(redis, [keys.batch(id), keys.batchFailures(id)]);
    return hash && parseBatch(hash, failures ?? {});
  };

  return {
    async createJob(spec, { quota = {}, item = 0 } = {}) {
      const [kind, value] = (await jobs.create(
        ...toArguments(spec),
        now(),
        item,
        quota.maxOpenJobs,
        quota.maxAudioSecondsPerDay,
        getDay(now()),
        spec.output.overwrite ? 1 : 0,
      )) as [Created['kind'], ScriptReply];
      switch (kind) {
        case 'quota':
          return { kind, ...toQuotaRefusal(value, now()) };
        case 'output-taken':
          return { kind, by: String(value) };
        case 'created':
          return { kind, record: describeNew(spec, { rank: Number(value), nowMs: now() }) };
        case 'existing':
          return { kind, record: parseJob(toHash(value)) };
      }
    },
    async restoreJob(record, { item = 0 } = {}) {
      await jobs.restore(
        ...toArguments(record.spec),
        now(),
        item,
        record.status,
        retentionMs,
        record.audioSeconds ?? 0,
        record.doneSeconds,
        record.attempt,
        JSON.stringify(record.result),
        record.startedAtMs,
        record.finishedAtMs,
      );
    },
    async getJob(id) {
      return (await getJobs([id]))[0];
    },
    getJobs,
    async listJobs({ tenant, status = 'all', batch, cursor, limit }) {
      const page =
        batch === undefined
          ? await listByTime(redis, { key: keys.index(tenant, status), cursor, limit })
          : await listByItem(redis, { key: keys.batchJobs(batch), cursor, limit });
      const records = (await getJobs(page.items)).filter((record) => record !== undefined);
      // A batch has one index for all states.
      const items = records.filter(
        (record) => record.spec.tenant === tenant && (status === 'all' || record.status === status),
      );
      return { ...page, items };
    },

    startAttempt: async (id, host) => toRecord(await jobs.start(id, host, now(), retentionMs)),
    checkStanding: async (attempt) =>
      toStanding(await jobs.standing(attempt.jobId, toToken(attempt))),
    reportStep: async (attempt, step, audioSeconds) =>
      toStanding(await jobs.step(attempt.jobId, toToken(attempt), step, audioSeconds, now())),
    reportChunk: async (jobId, { index, doneSeconds }) =>
      toStanding(await jobs.chunk(jobId, index, doneSeconds.toFixed(3), now())),
    countCrash: async (id, index) => Number(await jobs.crash(id, index)),
    clearCrashes: async (id) => {
      await jobs.clearCrashes(id);
    },
    async finishAttempt(attempt, outcome) {
      const result = outcome.status === 'failed' ? undefined : outcome.result;
      const { error } = outcome;
      return toStanding(
        await jobs.finish(
          attempt.jobId,
          toToken(attempt),
          outcome.status,
          result && JSON.stringify(result),
          error && JSON.stringify(error),
          error?.code,
          now(),
          retentionMs,
          result?.audioSeconds,
          result?.computeSeconds,
          getDay(now()),
        ),
      );
    },
    leaveToChunks: async (attempt) => toStanding(await jobs.leave(attempt.jobId, toToken(attempt))),
    handBack: async (attempt, error) =>
      toStanding(
        await jobs.handBack(
          attempt.jobId,
          toToken(attempt),
          error && JSON.stringify(error),
          now(),
          retentionMs,
        ),
      ),
    failJob: (id, error) => end(id, 'failed', error),
    cancelJob: (id) => end(id, 'cancelled'),
    async requeueJob(id, { quota = {} } = {}) {
      const reply = (await jobs.requeue(
        id,
        now(),
        retentionMs,
        quota.maxOpenJobs,
        quota.maxAudioSecondsPerDay,
        getDay(now()),
      )) as [string, ScriptReply] | null;
      if (reply === null) return undefined;
      const [kind, value] = reply;
      if (kind === 'quota') throw createQuotaError(toQuotaRefusal(value, now()));
      return toRecord(value);
    },
    removeJob: async (id) => (await jobs.remove(id)) === 1,
    listQuiet: async (beforeMs, limit) => (await jobs.quiet(beforeMs, now(), limit)) as string[],
    removeExpired: async (nowMs) => Number(await jobs.expire(nowMs, EXPIRED_PER_CALL)),

    async createBatch(batch) {
      const kind = (await batches.create(batch.id, JSON.stringify(batch), batch.createdAtMs)) as
        'created' | 'existing';
      const record = await getBatch(batch.id);
      if (!record)
        throw new CodedError('BATCH_NOT_FOUND', `Batch ${batch.id} was removed just now.`);
      return { kind, record };
    },
    getBatch,
    async listBatches({ tenant, cursor, limit }) {
      const page = await listByTime(redis, { key: keys.batchIndex(tenant), cursor, limit });
      const records = await Promise.all(page.items.map(getBatch));
      const gone = page.items.filter((_, index) => !records[index]);
      if (gone.length > 0) await redis.zrem(keys.batchIndex(tenant), ...gone);
      return { ...page, items: records.filter((record) => record !== undefined) };
    },
    async advanceBatch(id, { itemsRead, cursor, refused }) {
      await batches.advance(id, itemsRead, cursor, ...refused.map((item) => JSON.stringify(item)));
    },
    async completeExpansion(id, error) {
      await batches.complete(id, error && JSON.stringify(error), now(), retentionMs);
    },
    async cancelBatch(id) {
      await batches.cancel(id, now(), retentionMs);
      return getBatch(id);
    },
    async listRefused(id, { offset, limit }): Promise<RefusedItem[]> {
      const lines = await redis.lrange(keys.batchRefused(id), offset, offset + limit - 1);
      return lines.map((line) => refusedItemSchema.parse(JSON.parse(line)));
    },
    async removeBatch(id) {
      const record = await getBatch(id);
      return record !== undefined && (await batches.remove(id, record.tenant)) === 1;
    },

    readEvents: (after, options) => readEvents(redis, { key: keys.events, after, ...options }),
    async getLastEventId() {
      const [last] = await redis.xrevrange(keys.events, '+', '-', 'COUNT', 1);
      return last?.[0] ?? '0-0';
    },
    async getBacklog() {
      return parseBacklog(await redis.hgetall(keys.backlog));
    },
    async getUsage(tenant) {
      const [open, seconds] = await redis.hmget(
        keys.usage(tenant),
        'open',
        `seconds:${getDay(now())}`,
      );
      return { openJobs: Math.max(0, Number(open ?? 0)), audioSecondsToday: Number(seconds ?? 0) };
    },
  };
}

function toToken({ attempt, life }: Attempt): string {
  return life === undefined ? String(attempt) : `${attempt}@${life}`;
}

/** What `create` and `restore` begin with. */
function toArguments(spec: JobSpec): ScriptArgument[] {
  return [
    spec.id,
    JSON.stringify(spec),
    spec.tenant,
    spec.createdAtMs,
    spec.batch,
    `${spec.plan.model}~${spec.plan.tier}`,
    priorities.indexOf(spec.priority),
    spec.webhook?.url,
    computeOutputDigest(spec),
  ];
}

function describeNew(spec: JobSpec, { rank, nowMs }: { rank: number; nowMs: number }): JobRecord {
  return { spec, status: 'queued', attempt: 0, rank, doneSeconds: 0, updatedAtMs: nowMs };
}

/** Name under which a job publishes, or nothing where the prefix is the job's own. */
function computeOutputDigest({ id, output }: JobSpec): string | undefined {
  if (output.prefix.endsWith(`/${id}`)) return undefined;
  const place = formatObjectUrl(output.prefix, output.name);
  return createHash('sha256')
    .update(place.startsWith('file:') ? decodeURI(place) : place)
    .digest('hex')
    .slice(0, 32);
}

/** Of hashes that are not there: undefined. */
async function readHashes(
  redis: Redis,
  names: readonly string[],
): Promise<(Record<string, string> | undefined)[]> {
  if (names.length === 0) return [];
  const pipeline = redis.pipeline();
  names.forEach((name) => pipeline.hgetall(name));
  const replies =
    (await pipeline.exec().catch((error: unknown) => {
      throw toRedisError(error);
    })) ?? [];
  return replies.map(([error, hash]) => {
    if (error) throw toRedisError(error);
    return Object.keys(hash as object).length === 0 ? undefined : (hash as Record<string, string>);
  });
}

/** Assumed length of a job before any is finished. */
const UNKNOWN_SECONDS = 60;

function parseBacklog(hash: Record<string, string>) {
  const names = new Set(Object.keys(hash).map((field) => field.slice(0, field.lastIndexOf('|'))));
  return [...names].map((name) => {
    const [model = '', tier = ''] = name.split('~');
    const read = (field: string) => Math.max(0, Number(hash[`${name}|${field}`] ?? 0));
    const finishedJobs = read('fj');
    const average = finishedJobs > 0 ? read('fs') / finishedJobs : UNKNOWN_SECONDS;
    return {
      model,
      tier,
      queuedJobs: read('q'),
      runningJobs: read('r'),
      openSeconds: read('a') + read('u') * average,
      finishedJobs,
      finishedSeconds: read('fs'),
      computeSeconds: read('cs'),
    };
  });
}

function getDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

function toQuotaRefusal(limit: ScriptReply, nowMs: number): QuotaRefusal {
  return limit === 'jobs'
    ? { limit, retryAfterSeconds: 60 }
    : { limit: 'audio', retryAfterSeconds: getSecondsLeftToday(nowMs) };
}

function getSecondsLeftToday(nowMs: number): number {
  const dayMs = 86_400_000;
  return Math.ceil((dayMs - (nowMs % dayMs)) / 1000);
}
