// Whether a fleet can do its work, seen from here: its API, Redis, storage, and the hosts that work for it.

import {
  fleetVariables,
  otherVariables,
  parseEnv,
  resolveStorageUrl,
} from '@stenofleet/shared/config';
import { openFleet } from '@stenofleet/shared/fleet';
import { type HostRecord } from '@stenofleet/shared/ledger';
import { createLogger } from '@stenofleet/shared/log';
import { checkRedis, openRedis } from '@stenofleet/shared/queue';
import { describeError } from '../describe-error.js';
import { ApiError } from '../fleet/api-error.js';
import { type ApiClient } from '../fleet/api-client.js';
import { jobPageSchema, readinessSchema } from '../fleet/api-schemas.js';
import { formatServed, hidePassword } from '../terminal/fleet-lines.js';
import { formatCount } from '../terminal/format-quantities.js';
import { hostsSchema } from '../up/plan-parts.js';
import { type Check } from './check.js';

const REDIS_PATIENCE_MS = 5_000;
const SLOW_REDIS_MS = 20;
/** Time stamps of hosts decide who is alive, within 20 s. */
const MAX_SKEW_MS = 3_000;

export type FleetToCheck = {
  /** With one try a request. */
  client: ApiClient;
  /** Undefined where this machine need not reach it. */
  redisUrl: string | undefined;
  environment: Readonly<Record<string, string>>;
  nowMs: () => number;
};

export async function checkFleet(fleet: FleetToCheck): Promise<Check[]> {
  const { checks, isThere } = await checkApi(fleet);
  if (isThere) checks.push(...(await checkHosts(fleet)));
  if (fleet.redisUrl !== undefined) {
    const redis = await checkQueue(fleet.redisUrl);
    checks.push(...redis);
    const isReachable = redis.every(({ state }) => state !== 'bad');
    if (isReachable) checks.push(await checkStorage(fleet, fleet.redisUrl));
  }
  return checks;
}

async function checkApi({
  client,
  nowMs,
}: FleetToCheck): Promise<{ checks: Check[]; isThere: boolean }> {
  const what = 'API';
  const askedMs = nowMs();
  try {
    const response = await client.open('/healthz');
    await response.text();
    const clock = describeSkew(Date.parse(response.headers.get('date') ?? ''), {
      earliestMs: askedMs,
      latestMs: nowMs(),
    });
    const ready = await client.open('/readyz', { acceptStatus: 503 });
    const { status, redis, storage } = readinessSchema.parse(await ready.json());
    const isReady = status === 'ready';
    const value = isReady
      ? `${client.url}, ready`
      : `${client.url}, not ready: Redis ${redis}, storage ${storage}`;
    const advice = 'Look after what is unavailable; the log of the API says more.';
    const check: Check = isReady
      ? { state: 'ok', what, value }
      : { state: 'bad', what, value, advice };
    return { checks: [check, ...clock], isThere: true };
  } catch (error) {
    const { code, message } = describeError(error);
    const advice = 'Start it ("steno up"), or name its address: STENO_API_URL or --api.';
    return {
      checks: [{ state: 'bad', what, value: `${code}: ${message}`, advice }],
      isThere: false,
    };
  }
}

/** The API tells its time in whole seconds. */
export function describeSkew(
  apiMs: number,
  { earliestMs, latestMs }: { earliestMs: number; latestMs: number },
): Check[] {
  if (Number.isNaN(apiMs)) return [];
  const behindMs = earliestMs - (apiMs + 1_000);
  const aheadMs = apiMs - latestMs;
  const skewMs = Math.max(behindMs, aheadMs);
  if (skewMs <= MAX_SKEW_MS) return [];
  const value = `the API is ${(skewMs / 1000).toFixed(0)} s ${aheadMs > behindMs ? 'ahead of' : 'behind'} this machine`;
  const advice =
    'Set the clocks by NTP: signatures of storage and the life signs of hosts depend on them.';
  return [{ state: 'warning', what: 'clocks', value, advice }];
}

async function checkHosts({ client, nowMs }: FleetToCheck): Promise<Check[]> {
  const what = 'hosts';
  try {
    const { items } = await client.request('/v1/hosts', hostsSchema);
    const query = { status: 'queued', limit: 200 };
    const queued = await client.request('/v1/jobs', jobPageSchema, { query });
    return [...describeHosts(items, nowMs()), ...describeUnserved(queued.items, items)];
  } catch (error) {
    const { code, message } = describeError(error);
    const isRefused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    const advice = 'Set STENO_API_KEY to an admin key to see them.';
    return [{ state: isRefused ? 'warning' : 'bad', what, value: `${code}: ${message}`, advice }];
  }
}

export function describeHosts(
  hosts: readonly Pick<
    HostRecord,
    'id' | 'hostname' | 'pid' | 'state' | 'lanes' | 'models' | 'seenAtMs'
  >[],
  nowMs: number,
): Check[] {
  const what = 'hosts';
  const serving = hosts.filter(({ state }) => state === 'serving');
  if (serving.length === 0) {
    const value = hosts.length === 0 ? 'no worker is alive' : 'no worker takes jobs yet';
    const advice = 'Start a worker ("steno up"), or see the log of one that should be there.';
    return [{ state: 'bad', what, value, advice }];
  }
  const lanes = serving.reduce((sum, host) => sum + host.lanes, 0);
  const value = `${formatCount(serving.length, 'worker')}, ${formatCount(lanes, 'lane')}: ${formatServed(serving)}`;
  const ahead = hosts.filter(({ seenAtMs }) => seenAtMs - nowMs > MAX_SKEW_MS);
  return [
    { state: 'ok', what, value },
    ...ahead.map(({ hostname, pid, seenAtMs }): Check => ({
      state: 'warning',
      what: 'clocks',
      value: `${hostname} (process ${pid}) is ${((seenAtMs - nowMs) / 1000).toFixed(0)} s ahead of this machine`,
      advice: 'Set the clocks by NTP.',
    })),
  ];
}

type Waiting = { model: string; tier: string };

/** Jobs that wait for a model and tier that nobody offers. */
export function describeUnserved(
  queued: readonly Waiting[],
  hosts: readonly Pick<HostRecord, 'models' | 'state'>[],
): Check[] {
  const served = new Set(
    hosts
      .filter(({ state }) => state !== 'draining')
      .flatMap(({ models }) => models.map(({ model, tier }) => `${model} ${tier}`)),
  );
  const counts = new Map<string, number>();
  for (const { model, tier } of queued) {
    const key = `${model} ${tier}`;
    if (!served.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => ({
    state: 'warning',
    what: 'queue',
    value: `${formatCount(count, 'job')} of those looked at ${count === 1 ? 'waits' : 'wait'} for ${key}, which no host serves`,
    advice:
      'Let a worker serve it (--models, STENO_MODELS; is it installed there?), or cancel those jobs.',
  }));
}

async function checkQueue(redisUrl: string): Promise<Check[]> {
  const what = 'Redis';
  const shown = hidePassword(redisUrl);
  let refusal = 'it does not answer';
  const redis = openRedis(redisUrl, { onError: (error) => (refusal = error.message || refusal) });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(refusal)), REDIS_PATIENCE_MS);
  });
  const look = async () => {
    const problems = await checkRedis(redis);
    const startedMs = performance.now();
    await redis.ping();
    return { problems, pingMs: performance.now() - startedMs };
  };
  try {
    const { problems, pingMs } = await Promise.race([look(), late]);
    const isSlow = pingMs > SLOW_REDIS_MS;
    const value = `${shown}, answers in ${pingMs.toFixed(1)} ms`;
    const advice = 'It should be near: every step of every job asks it.';
    return [
      isSlow ? { state: 'warning', what, value, advice } : { state: 'ok', what, value },
      ...problems.map(({ severity, message }): Check => ({
        state: severity === 'error' ? 'bad' : 'warning',
        what,
        value: message,
      })),
    ];
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    const advice = 'Start it, or correct REDIS_URL.';
    return [{ state: 'bad', what, value: `${shown}: ${message}`, advice }];
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

async function checkStorage({ environment }: FleetToCheck, redisUrl: string): Promise<Check> {
  const what = 'storage';
  try {
    const variables = parseEnv({ ...environment, REDIS_URL: redisUrl }, fleetVariables, {
      others: Object.values(otherVariables).flat(),
    });
    const fleet = await openFleet(variables, { log: createLogger('doctor', { level: 'silent' }) });
    try {
      const { conditionalCreate } = await fleet.storage.probe();
      const how = conditionalCreate
        ? 'refuses to overwrite by itself'
        : 'guarded by a lock in Redis';
      return { state: 'ok', what, value: `${resolveStorageUrl(variables)}, writable, ${how}` };
    } finally {
      await fleet.close();
    }
  } catch (error) {
    const { code, message } = describeError(error);
    const advice = 'See STENO_STORAGE and STENO_S3_… in docs/configuration.md.';
    return { state: 'bad', what, value: `${code}: ${message}`, advice };
  }
}
