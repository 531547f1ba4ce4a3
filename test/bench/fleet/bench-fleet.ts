// A fleet of its own for one measurement: redis-server, the API, workers, and file storage in a temporary folder.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type BatchView, type JobRequestInput, type JobView } from '@stenofleet/shared/job';
import { callApi } from '../../servers/api-process.js';
import { type RedisServer, startRedisServer } from '../../servers/redis-server.js';
import { type PartProcess, startPart } from './part-process.js';

export type BenchFleet = {
  redis: RedisServer;
  api: PartProcess;
  /** For recordings; jobs may read them. */
  recordings: string;
  /** Where its results lie. */
  storage: string;
  startWorker: (options?: WorkerOptions) => Promise<PartProcess>;
  submitJob: (request: JobRequestInput) => Promise<JobView>;
  cancelJob: (id: string) => Promise<void>;
  getJob: (id: string) => Promise<JobView>;
  submitBatch: (request: Record<string, unknown>) => Promise<BatchView>;
  getBatch: (id: string) => Promise<BatchView>;
  /** Ends all of its processes. Idempotent. */
  close: () => Promise<void>;
};

type WorkerOptions = { env?: Record<string, string>; nodeOptions?: readonly string[] };

export type BenchFleetOptions = {
  /** Temporary, of the measurement; recordings and models are shared by its fleets. */
  folder: string;
  /** Of this fleet among those of a measurement. */
  name: string;
  env?: Record<string, string>;
  /** Options of node for the API, such as `--cpu-prof`. */
  nodeOptions?: readonly string[];
};

export async function openBenchFleet({
  folder,
  name,
  env = {},
  nodeOptions = [],
}: BenchFleetOptions): Promise<BenchFleet> {
  const redis = await startRedisServer();
  const recordings = join(folder, 'recordings');
  const storage = join(folder, `storage-${name}`);
  await mkdir(recordings, { recursive: true });
  const common = {
    REDIS_URL: redis.url,
    STENO_DATA_DIR: join(folder, 'data'),
    STENO_STORAGE: pathToFileURL(storage).href,
    STENO_SOURCE_ROOTS: recordings,
    ...env,
  };
  const workers: PartProcess[] = [];
  const api = await startPart('api', {
    ...{ name: 'The API', nodeOptions, logPath: join(folder, `${name}-api.log`) },
    env: { ...common, STENO_API_PORT: '0' },
  }).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  const url = String(api.ready['address']);
  const call = async <Body>(path: string, body?: unknown): Promise<Body> => {
    const answer = await callApi<Body>(`${url}/v1/${path}`, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };

  return {
    ...{ redis, api, recordings, storage },
    async startWorker({ env: changes = {}, nodeOptions: options = [] } = {}) {
      const number = workers.length + 1;
      const worker = await startPart('worker', {
        ...{ name: `Worker ${number}`, nodeOptions: options },
        logPath: join(folder, `${name}-worker${number}.log`),
        env: {
          ...common,
          STENO_WORK_DIR: join(folder, 'work'),
          STENO_WORKER_PORT: '0',
          ...changes,
        },
      });
      workers.push(worker);
      return worker;
    },
    submitJob: (request) => call('jobs', request),
    async cancelJob(id) {
      await call(`jobs/${id}/cancel`, {});
    },
    getJob: (id) => call(`jobs/${id}`),
    submitBatch: (request) => call('batches', request),
    getBatch: (id) => call(`batches/${id}`),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await api.stop();
      await redis.stop();
    },
  };
}

/** Asks until it is as wanted. */
export async function poll<Value>(
  ask: () => Promise<Value>,
  { until, everyMs = 500 }: { until: (value: Value) => boolean; everyMs?: number },
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (until(value)) return value;
    await delay(everyMs);
  }
}

/** Runs `measure` with a temporary folder, which goes afterwards. */
export async function withFolder(measure: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'steno-bench-'));
  try {
    await measure(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
