// What routes work with, in memory: enough of each port for unit tests. The real ones are tested in test/integration.

import { CodedError } from '@stenofleet/shared/errors';
import { isFinal, type JobRecord, type JobSpec } from '@stenofleet/shared/job';
import { type HostRecord, type Ledger } from '@stenofleet/shared/ledger';
import { createLogger } from '@stenofleet/shared/log';
import { createQueueCatalogue, createRedisKeys } from '@stenofleet/shared/queue';
import { createFakeObjectStore, type FakeObjectStore } from '@stenofleet/shared/testing';
import { readConfig } from '../config.js';
import { type ApiDependencies } from '../dependencies.js';
import { createModelDirectory } from '../model-directory.js';

export const ADMIN_KEY = 'admin-key-of-the-unit-tests';

export type FakeDependencies = ApiDependencies & {
  /** Ids whose tickets were put into a queue, in order. */
  tickets: string[];
  jobs: Map<string, JobRecord>;
  store: FakeObjectStore;
};

/** `environment`: settings beside the defaults. Sources under `https://gone.example` are not there. */
export function createFakeDependencies({
  environment = {},
  hosts = [],
}: { environment?: Record<string, string>; hosts?: HostRecord[] } = {}): FakeDependencies {
  const config = readConfig({
    STENO_DATA_DIR: '/nowhere',
    STENO_LOG_LEVEL: 'silent',
    ...environment,
  });
  const store = createFakeObjectStore({ url: config.storageUrl });
  const jobs = new Map<string, JobRecord>();
  const tickets: string[] = [];
  const listHosts = () => Promise.resolve(hosts);
  const catalogue = createQueueCatalogue('test');
  const now = () => 1_800_000_000_000;
  const fakes = {
    config,
    log: createLogger('api', { level: 'silent' }),
    ledger: createFakeLedger(jobs, now) as Ledger,
    hosts: { list: listHosts },
    queues: {
      catalogue,
      addJob: ({ spec }: JobRecord) => Promise.resolve(void tickets.push(spec.id)),
      removeJob: () => Promise.resolve(),
      isInHand: () => Promise.resolve(false),
      get: (name: string) => ({
        name,
        metaValues: { version: 'bullmq:6' },
        getJobCounts: () => Promise.resolve({}),
      }),
    },
    redis: createFakeRedis(),
    keys: createRedisKeys('test'),
    storage: store,
    openStore: (url: string) => createView(store, url),
    sources: {
      check: (uri: string) => {
        if (/^(https|upload|s3):/.test(uri)) return uri;
        throw new CodedError('SOURCE_INVALID', 'This is no address we take.');
      },
      inspect: (uri: string) =>
        uri.startsWith('https://gone.example')
          ? Promise.reject(new CodedError('SOURCE_NOT_FOUND', 'It is not there.'))
          : Promise.resolve({ uri, name: uri.split('/').at(-1) ?? '', bytes: 5, etag: 'e1' }),
    },
    models: createModelDirectory({
      listHosts,
      readCatalogue: () => Promise.resolve(catalogueModels),
      defaultModel: config.defaultModel,
      now,
    }),
    now,
    tickets,
    jobs,
    store,
  };
  return fakes as unknown as FakeDependencies;
}

const catalogueModels = [
  {
    id: 'demo-en',
    name: 'Demo',
    demo: true,
    languages: ['en'],
    languageRequired: false,
    defaultTier: 'int8',
    tiers: ['int8'],
  },
  {
    id: 'many',
    name: 'Many languages',
    demo: false,
    languages: ['de', 'en', 'pt'],
    languageRequired: true,
    defaultTier: 'fp32',
    tiers: ['fp32', 'int8'],
  },
];

/** Jobs and their claims on outputs; nothing of running them. */
function createFakeLedger(jobs: Map<string, JobRecord>, now: () => number): Partial<Ledger> {
  const place = ({ output }: JobSpec) => `${output.prefix}/${output.name}`;
  const change = (
    id: string,
    status: JobRecord['status'],
    from: (record: JobRecord) => boolean,
  ) => {
    const record = jobs.get(id);
    if (record === undefined || !from(record)) return undefined;
    const next = { ...record, status };
    jobs.set(id, next);
    return next;
  };
  return {
    createJob: (spec, { quota } = {}) => {
      const existing = jobs.get(spec.id);
      if (existing) return Promise.resolve({ kind: 'existing', record: existing });
      const others = [...jobs.values()];
      const holder = others.find((other) => place(other.spec) === place(spec));
      if (holder) return Promise.resolve({ kind: 'output-taken', by: holder.spec.id });
      const open = others.filter((job) => job.spec.tenant === spec.tenant && !isFinal(job.status));
      if (open.length >= (quota?.maxOpenJobs ?? Infinity)) {
        return Promise.resolve({ kind: 'quota', limit: 'jobs', retryAfterSeconds: 7 });
      }
      const record: JobRecord = {
        spec,
        status: 'queued',
        attempt: 0,
        rank: 1,
        doneSeconds: 0,
        updatedAtMs: now(),
      };
      jobs.set(spec.id, record);
      return Promise.resolve({ kind: 'created', record });
    },
    restoreJob: (record) => Promise.resolve(void jobs.set(record.spec.id, record)),
    getJob: (id) => Promise.resolve(jobs.get(id)),
    listJobs: ({ tenant, limit }) =>
      Promise.resolve({
        items: [...jobs.values()].filter(({ spec }) => spec.tenant === tenant).slice(0, limit),
      }),
    cancelJob: (id) =>
      Promise.resolve(change(id, 'cancelled', ({ status }) => !isFinal(status)) ?? jobs.get(id)),
    clearCrashes: () => Promise.resolve(),
    requeueJob: (id) =>
      Promise.resolve(change(id, 'queued', ({ status }) => isFinal(status) && status !== 'done')),
    removeJob: (id) => Promise.resolve(jobs.delete(id)),
    getBatch: () => Promise.resolve(undefined),
    listBatches: () => Promise.resolve({ items: [] }),
    getBacklog: () => Promise.resolve([]),
    getUsage: () => Promise.resolve({ openJobs: 0, audioSecondsToday: 0 }),
    getLastEventId: () => Promise.resolve('0-0'),
  };
}

/** Hashes only. */
function createFakeRedis() {
  const hashes = new Map<string, Map<string, string>>();
  const open = (key: string) => {
    const hash = hashes.get(key) ?? new Map<string, string>();
    hashes.set(key, hash);
    return hash;
  };
  return {
    hget: (key: string, field: string) => Promise.resolve(open(key).get(field) ?? null),
    hset: (key: string, field: string, value: string) =>
      Promise.resolve(void open(key).set(field, value)),
    hdel: (key: string, field: string) => Promise.resolve(open(key).delete(field) ? 1 : 0),
    hgetall: (key: string) => Promise.resolve(Object.fromEntries(open(key))),
    get: () => Promise.resolve(null),
    zrevrange: () => Promise.resolve([]),
    ping: () => Promise.resolve('PONG'),
  };
}

/** The store as seen from an address below it; what the routes use of it. */
function createView(store: FakeObjectStore, url: string): Partial<FakeObjectStore> {
  const base = url === store.url ? '' : `${url.slice(store.url.length + 1)}/`;
  return {
    url,
    get: (key, options) => store.get(base + key, options),
    read: (key, options) => store.read(base + key, options),
    put: (key, content, options) => store.put(base + key, content, options),
    delete: (keys, signal) =>
      store.delete(
        keys.map((key) => base + key),
        signal,
      ),
    presign: () => Promise.resolve(undefined),
  };
}
