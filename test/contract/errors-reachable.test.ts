// Every code of the fleet's table is provoked at the piece that says it: a code that nothing can come to is refused here.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AsrError, type InferenceProcess } from '@stenofleet/asr-core';
import { type FleetErrorCode, fleetErrors, toWireError } from '@stenofleet/shared/errors';
import { type JobRecord, jobRequestSchema } from '@stenofleet/shared/job';
import { createLedger } from '@stenofleet/shared/ledger';
import { createLogger } from '@stenofleet/shared/log';
import { createQueueCatalogue, createRedisKeys, type QueueSet } from '@stenofleet/shared/queue';
import { createSourceReader, jailPath } from '@stenofleet/shared/source';
import {
  createFileStore,
  createS3Store,
  type ObjectStore,
  uploadKey,
} from '@stenofleet/shared/storage';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { type Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifestItems } from '../../apps/api/dist/batches/read-manifest-items.js';
import { readConfig } from '../../apps/api/dist/config.js';
import { createServer } from '../../apps/api/dist/server.js';
import {
  ADMIN_KEY,
  createFakeDependencies,
} from '../../apps/api/dist/testing/fake-dependencies.js';
import { assembleTranscript } from '../../apps/worker/dist/assemble-transcript.js';
import { checkQueue } from '../../apps/worker/dist/check-boot.js';
import { createCheckpoints } from '../../apps/worker/dist/checkpoints.js';
import { restoreTickets } from '../../apps/worker/dist/housekeeping.js';
import { createInferenceHost } from '../../apps/worker/dist/inference-host.js';
import { recognizeAudio } from '../../apps/worker/dist/recognize-audio.js';
import { createWorkRegistry } from '../../apps/worker/dist/work-registry.js';

const log = createLogger('test', { level: 'silent' });
const { signal } = new AbortController();
const SHA = 'a'.repeat(64);
let folder: string;
/** An S3 store that answers each request with its path's last part as status and error code. */
let stub: ReturnType<typeof createHttpServer>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stenofleet-errors-'));
  writeFileSync(join(folder, 'talk.wav'), 'RIFF');
  stub = createHttpServer((request, response) => {
    const [, status = '500', code = ''] = /\/(\d+)-(\w+)/.exec(request.url ?? '') ?? [];
    request.resume();
    response.writeHead(Number(status), { 'content-type': 'application/xml' });
    response.end(`<Error><Code>${code}</Code></Error>`);
  });
  await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => stub.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

type Call = {
  url: string;
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  key?: string | undefined;
  headers?: Record<string, string>;
};

const source = 'https://example.org/talk.mp3';

/** What the API, with keys and on ports in memory, answers to the last of these requests. */
async function ask(calls: Call[], environment: Record<string, string> = {}): Promise<never> {
  const dependencies = createFakeDependencies({
    environment: { STENO_API_KEYS: 'on', STENO_ADMIN_KEY: ADMIN_KEY, ...environment },
  });
  const server = await createServer(dependencies);
  let answer: unknown;
  for (const { url, method, body, key = ADMIN_KEY, headers } of calls) {
    const [first] = dependencies.jobs.keys();
    const response = await server.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url: url.replace(':id', first ?? ''),
      headers: { ...headers, ...(key !== '' && { authorization: `Bearer ${key}` }) },
      ...(body !== undefined && { payload: body as object }),
    });
    answer = response.json();
  }
  await server.close();
  const { error } = answer as { error?: { code: string } };
  return Promise.reject(Object.assign(new Error(JSON.stringify(answer)), { code: error?.code }));
}

const submit = (options: object = {}): Call => ({ url: '/v1/jobs', body: { source, ...options } });

function openReader({ uploads, maxBytes }: { uploads?: ObjectStore; maxBytes?: number } = {}) {
  return createSourceReader({
    fileRoots: [folder],
    ...(uploads && { uploads }),
    ...(maxBytes !== undefined && { maxBytes }),
    http: { resolve: () => Promise.reject(new Error('There is no DNS here.')) },
  });
}

async function askS3(answer: string): Promise<unknown> {
  const { port } = stub.address() as AddressInfo;
  const store = createS3Store({
    ...{ url: 's3://bucket/in', endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1' },
    ...{ forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  try {
    return await store.put(answer, 'x');
  } finally {
    await store.close();
  }
}

const record = (changes: Partial<JobRecord> = {}): JobRecord => {
  const { channels, formats, priority, metadata } = jobRequestSchema.parse({ source });
  return {
    spec: {
      ...{ id: 'j1', tenant: 'museum', source: { uri: source, name: 'talk.mp3' } },
      plan: { model: 'demo-en', tier: 'int8', channels, formats, partial: false },
      ...{ priority, metadata, createdAtMs: 0 },
      output: { prefix: 's3://bucket/out', name: 'talk', overwrite: false },
    },
    ...{ status: 'running', attempt: 1, rank: 1, doneSeconds: 0, updatedAtMs: 0 },
    ...changes,
  };
};
const model = {
  ...{ key: 'demo-en:int8', model: 'demo-en', tier: 'int8', isDefaultTier: true, resolved: {} },
  ...{ laneCount: 1, memoryNeedBytes: 100, maxPrivateBytes: 1_000 },
} as unknown as Parameters<ReturnType<typeof createInferenceHost>['use']>[0];

function openHost(memoryBytes: number) {
  const crash = new AsrError('INFERENCE_CRASHED', 'gone');
  const inference = {
    recognize: () => Promise.reject(crash),
    capabilities: { maxSegmentSeconds: 30 },
    budget: { reserve: () => Promise.resolve(), release: () => undefined },
    readPrivateBytes: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
  return createInferenceHost({
    log,
    start: () => Promise.resolve(inference as unknown as InferenceProcess),
    readLimits: () =>
      Promise.resolve({
        ...{ cpus: 1, memoryBytes, availableBytes: memoryBytes, isLimited: true },
      }),
  });
}

/** One chunk, three times: its inference process ends each time. */
async function crashThrice(): Promise<unknown> {
  const storage = createFakeObjectStore();
  let crashes = 0;
  const ledger = {
    checkStanding: () => Promise.resolve('current'),
    reportChunk: () => Promise.resolve('current'),
    countCrash: () => Promise.resolve(++crashes),
  };
  const metrics = { observeStep: () => undefined, countAudio: () => undefined };
  const context = {
    ...{ ledger, storage, metrics, log, hostId: 'h', now: () => 0, inference: openHost(1e9) },
  } as unknown as Parameters<typeof recognizeAudio>[2];
  const checkpoints = createCheckpoints(storage, { jobId: 'j1', fingerprint: 'f', signal });
  const segment = {
    ...{ startSamples: 0, endSamples: 9, audioStartSamples: 0, audioEndSamples: 9 },
    speechSamples: 9,
  };
  const plan = { index: 0, startSamples: 0, endSamples: 9, segments: [{ channel: 0, segment }] };
  const run = () =>
    recognizeAudio(
      { plan, audio: [new Float32Array(9)] },
      {
        ...{ record: record(), model, checkpoints, audioSeconds: 1, isSuspect: false },
        work: createWorkRegistry().begin('chunk', 'j1'),
      },
      context,
    );
  await run().catch(() => undefined);
  await run().catch(() => undefined);
  return run();
}

/** What the ledger is told of a job that has lost its ticket for the 200th time. */
async function loseTicket(): Promise<never> {
  const lost = record({ attempt: 200 });
  let told: unknown;
  const ledger = {
    listQuiet: () => Promise.resolve(['j1']),
    getJobs: () => Promise.resolve([lost]),
    getJob: () => Promise.resolve(lost),
    failJob: (_id: string, error: unknown) => Promise.resolve(void (told = error)),
  };
  const queues = {
    catalogue: createQueueCatalogue('test'),
    get: () => ({ getJob: () => Promise.resolve(undefined) }),
  } as unknown as QueueSet;
  const options = { ledger, queues, log, now: () => 0 };
  await restoreTickets(options as unknown as Parameters<typeof restoreTickets>[0]);
  return Promise.reject(Object.assign(new Error('It was given up.'), told));
}

function assembleFailures(): unknown {
  const failure = (code: string) => ({
    kind: 'failure' as const,
    failure: {
      ...{ error: { code, message: code, retryable: false } },
      ...{ host: 'h', model: 'demo-en:int8', failedAtMs: 0 },
    },
  });
  const job = { record: record(), model } as unknown as Parameters<typeof assembleTranscript>[0];
  const plan = { chunks: [] } as unknown as Parameters<typeof assembleTranscript>[1]['plan'];
  const chunks = [failure('AUDIO_UNREADABLE'), failure('CHUNK_CRASHES_MODEL')];
  return assembleTranscript(job, { plan, chunks }, { versions: {} });
}

async function readManifest(content: Buffer): Promise<void> {
  const options = { format: undefined, defaults: {}, afterLine: 0, toCursor: String };
  for await (const item of readManifestItems([content], options)) {
    if (item.error) throw Object.assign(new Error(item.error.message), item.error);
  }
}

async function openUpload(): Promise<ObjectStore> {
  const store = createFakeObjectStore();
  await store.put(uploadKey('museum', SHA), 'content');
  return store;
}
const upload = `upload:museum/${SHA}/talk.wav`;
const own = { prefix: 'file:///nowhere/storage/results/default', name: 'talk' };

const provoke: Record<FleetErrorCode, () => unknown> = {
  CONFIG_INVALID: () => readConfig({ STENO_NO_SUCH_THING: '1' }),
  REQUEST_INVALID: () => ask([{ url: '/v1/jobs', body: {} }]),
  REQUEST_TOO_LARGE: () => ask([submit({ source: 'x'.repeat(2_000_000) })]),
  ROUTE_UNKNOWN: () => ask([{ url: '/v1/nothing' }]),
  UNAUTHENTICATED: () => ask([{ url: '/v1/jobs', key: '' }]),
  FORBIDDEN: () =>
    ask([{ ...submit(), headers: { host: 'rebound.example' } }], { STENO_API_KEYS: 'off' }),
  QUOTA_EXCEEDED: () => ask([submit(), submit({ formats: ['txt'] })], { STENO_QUOTA_JOBS: '1' }),
  JOB_NOT_FOUND: () => ask([{ url: '/v1/jobs/jnone' }]),
  BATCH_NOT_FOUND: () => ask([{ url: '/v1/batches/bnone' }]),
  KEY_NOT_FOUND: () => ask([{ url: '/v1/keys/none', method: 'DELETE' }]),
  DELIVERY_NOT_FOUND: () => ask([{ url: '/v1/deliveries/dnone' }]),
  RESULT_NOT_FOUND: () => ask([submit(), { url: '/v1/jobs/:id/result' }]),
  JOB_STATE_CONFLICT: () => ask([submit(), { url: '/v1/jobs/:id', method: 'DELETE' }]),
  IDEMPOTENCY_KEY_REUSED: () =>
    ask([submit({ idempotencyKey: 'k' }), submit({ idempotencyKey: 'k', priority: 'bulk' })]),
  OUTPUT_CONFLICT: () => ask([submit({ output: own }), submit({ output: own, formats: ['txt'] })]),
  MANIFEST_INVALID: () => readManifest(Buffer.from([0xff, 0xfe, 0x61, 0])),
  SOURCE_INVALID: () => openReader().check('gopher://a.example/'),
  SOURCE_FORBIDDEN: () => openReader().check('http://169.254.169.254/'),
  SOURCE_NOT_FOUND: () => openReader().inspect(pathToFileURL(join(folder, 'none.wav')).href),
  SOURCE_TOO_LARGE: async () =>
    openReader({ uploads: await openUpload(), maxBytes: 3 }).obtain(upload, { folder, signal }),
  SOURCE_CHANGED: () =>
    openReader().obtain(pathToFileURL(join(folder, 'talk.wav')).href, {
      ...{ folder, etag: 'another', signal },
    }),
  SOURCE_UNAVAILABLE: () => openReader().inspect('https://a.example/talk.mp3'),
  PATH_FORBIDDEN: () => jailPath('s3://bucket/output-of-others', ['s3://bucket/out']),
  STORE_NOT_FOUND: () => createFileStore({ root: folder }).read('none'),
  STORE_FORBIDDEN: () => askS3('403-AccessDenied'),
  STORE_FULL: () => askS3('403-QuotaExceeded'),
  STORE_UNAVAILABLE: () => askS3('503-SlowDown'),
  REDIS_UNAVAILABLE: () => {
    const gone = () => Promise.reject(new Error('Connection is closed.'));
    const redis = { evalsha: gone, eval: gone } as unknown as Redis;
    const options = { keys: createRedisKeys('test'), retentionMs: 1, now: () => 0 };
    return createLedger(redis, options).cancelJob('j1');
  },
  REDIS_UNSUITABLE: () => {
    const info = () => Promise.resolve('redis_version:7.0.0\r\nmaxmemory_policy:allkeys-lru\r\n');
    return checkQueue({ info } as unknown as Redis, log);
  },
  JOB_CANCELLED: () =>
    openReader().inspect('https://a.example/talk.mp3', AbortSignal.abort(new Error('stop'))),
  CHUNK_CRASHES_MODEL: crashThrice,
  CHUNKS_FAILED: assembleFailures,
  WORKER_LOST: loseTicket,
  MODEL_NO_ROOM: () => openHost(10).use(model, () => Promise.resolve(), { signal }),
  INTERNAL: () =>
    Promise.reject(Object.assign(new Error(), toWireError(new TypeError('a defect')))),
};

describe('the fleet’s errors', () => {
  it('are all in the table of proofs', () => {
    expect(Object.keys(provoke).sort()).toEqual(Object.keys(fleetErrors).sort());
  });

  it.each(Object.entries(provoke))('can come to %s', async (code, action) => {
    const outcome = Promise.resolve().then(action);
    await expect(outcome).rejects.toMatchObject({ code });
  });
});
