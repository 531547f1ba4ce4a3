// A fleet of its own for one suite: redis-server, a data folder, any number of workers, and jobs put in as the API does.

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fleetVariables } from '@stenofleet/shared/config';
import { type Fleet, openFleet } from '@stenofleet/shared/fleet';
import { isFinal, type JobPlan, type JobRecord, type JobSpec } from '@stenofleet/shared/job';
import { createLogger } from '@stenofleet/shared/log';
import { parseTranscriptDocument, type TranscriptDocument } from '@stenofleet/transcript';
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

const POLL_MS = 25;

export type SubmitOptions = {
  plan?: Partial<JobPlan>;
  output?: Partial<JobSpec['output']>;
  /** Another id for the same recording. */
  salt?: string;
};

export type TestFleet = {
  redis: RedisServer;
  fleet: Fleet;
  /** Data folder of all its processes. */
  folder: string;
  startWorker: (env?: Record<string, string>) => Promise<WorkerProcess>;
  /** What a worker's environment is, with changes. */
  env: (changes?: Record<string, string>) => Record<string, string>;
  /** A file's path, or an address. */
  submit: (source: string, options?: SubmitOptions) => Promise<JobRecord>;
  retry: (id: string) => Promise<void>;
  getJob: (id: string) => Promise<JobRecord>;
  waitForJob: (id: string, is?: (record: JobRecord) => boolean) => Promise<JobRecord>;
  readDocument: (record: JobRecord) => Promise<TranscriptDocument>;
  /** Names below a job's scratch. */
  listScratch: (id: string) => Promise<string[]>;
  close: () => Promise<void>;
};

/** Of `submit`. */
export function computeTestJobId(source: string, salt: string): string {
  return `j${createHash('sha256').update(`${source}${salt}`).digest('hex').slice(0, 20)}`;
}

export async function openTestFleet(
  variables: Record<string, string> = {},
  options: RedisServerOptions = {},
): Promise<TestFleet> {
  const redis = await startRedisServer(options);
  const folder = await mkdtemp(join(tmpdir(), 'stenofleet-fleet-'));
  const common = {
    REDIS_URL: redis.url,
    STENO_DATA_DIR: join(folder, 'data'),
    STENO_SOURCE_ROOTS: '/',
    ...variables,
  };
  const fleet = await openFleet(fleetVariables.parse(common), {
    log: createLogger('test', { level: 'silent' }),
  });
  const workers: WorkerProcess[] = [];
  const env = (changes: Record<string, string> = {}) => ({
    ...common,
    STENO_LOG_LEVEL: 'debug',
    STENO_WORK_DIR: join(folder, 'work'),
    STENO_MODELS: 'demo-en',
    STENO_LANES: '1',
    ...changes,
  });
  const getJob = async (id: string) => {
    const record = await fleet.ledger.getJob(id);
    if (!record) throw new Error(`There is no job ${id}.`);
    return record;
  };

  return {
    ...{ redis, fleet, folder, env, getJob },
    async startWorker(changes) {
      const worker = await startWorker({ env: env(changes) });
      workers.push(worker);
      return worker;
    },
    async submit(path, { plan = {}, output = {}, salt = '' } = {}) {
      const uri = path.includes('://') ? path : pathToFileURL(path).href;
      const source = await fleet.sources.inspect(uri);
      const id = computeTestJobId(path, salt);
      const spec: JobSpec = {
        ...{ id, tenant: 'test', source, priority: 'normal', metadata: {} },
        plan: {
          ...{ model: 'demo-en', tier: 'int8', channels: 'mix', partial: false },
          formats: ['json', 'srt', 'vtt', 'txt'],
          ...plan,
        },
        output: {
          prefix: `${fleet.storage.url}/results/test/${id}`,
          name: basename(path).replace(/\.[^.]*$/, ''),
          overwrite: false,
          ...output,
        },
        createdAtMs: Date.now(),
      };
      const created = await fleet.ledger.createJob(spec);
      if (!('record' in created)) throw new Error(`Not created: ${created.kind}.`);
      await fleet.queues.addJob(created.record);
      return created.record;
    },
    async retry(id) {
      const record = await fleet.ledger.requeueJob(id);
      if (!record) throw new Error(`${id} is not to be retried.`);
      await fleet.ledger.clearCrashes(id);
      await fleet.queues.addJob(record);
    },
    async waitForJob(id, is = ({ status }) => isFinal(status)) {
      for (;;) {
        const record = await getJob(id);
        if (is(record)) return record;
        if (isFinal(record.status)) {
          throw new Error(`The job ended otherwise: ${JSON.stringify(record)}`);
        }
        await delay(POLL_MS);
      }
    },
    async readDocument({ result }) {
      const url = result?.files.find(({ format }) => format === 'json')?.url;
      if (url === undefined) throw new Error('There is no JSON document.');
      const content = await readFile(fileURLToPath(url), 'utf8');
      return parseTranscriptDocument(JSON.parse(content));
    },
    async listScratch(id) {
      const path = fileURLToPath(`${fleet.storage.url}/scratch/${id}`);
      const names = await readdir(path, { recursive: true }).catch(() => []);
      return names.filter((name) => /\.\w+$/.test(name)).sort();
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await fleet.close();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
