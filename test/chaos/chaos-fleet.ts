// The fleet that is disturbed: a real redis-server and a real S3 server, each behind a proxy that can hold what passes,
// and the recordings with the words they have when nothing happens.

import { type Fleet } from '@stenofleet/shared/fleet';
import { examplePath } from '../fixtures/example-audio.js';
import { openWorkshop } from '../fixtures/made-audio.js';
import { type FaultyProxy, startFaultyProxy } from '../servers/faulty-proxy.js';
import { type S3Server, startS3Server } from '../servers/s3-server.js';
import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.js';
import { computeTestJobId, openTestFleet, type TestFleet } from '../servers/test-fleet.js';
import { type WorkerProcess } from '../servers/worker-process.js';
import { readWords, type Words } from './observe-job.js';
import { inTime, PATIENCE_MS } from './until.js';

const BUCKET = 'chaos';

/** `short`: one chunk, done by the job itself. `long`: several, in the queue. */
export type RecordingName = 'short' | 'long';
export type Recording = { path: string; words: Words };

export type ChaosFleet = {
  test: TestFleet;
  fleet: Fleet;
  s3: S3Server;
  /** Between workers and storage. */
  store: FaultyProxy;
  /** Between workers and Redis. */
  redis: TcpProxy;
  recordings: Record<RecordingName, Recording>;
  /** Of the long recording, with nothing happening: requests that name the job. */
  undisturbed: { numStoreRequests: number; numRedisRequests: number };
  /** All workers so far, dead ones too. */
  workers: readonly WorkerProcess[];
  /** The one that runs, or a new one. */
  getWorker: () => Promise<WorkerProcess>;
  /** From now on the one that runs. */
  startWorker: () => Promise<WorkerProcess>;
  /** Kills the workers but for the last one, if that still runs. */
  endOthers: () => Promise<void>;
  close: () => Promise<void>;
};

export async function openChaosFleet(): Promise<ChaosFleet> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closeOne of closers.reverse().splice(0)) await closeOne();
  };
  try {
    const workshop = openWorkshop();
    closers.push(() => workshop.remove());
    const s3 = await startS3Server();
    closers.push(() => s3.stop());
    await s3.createBucket(BUCKET);
    const test = await openTestFleet({
      STENO_STORAGE: `s3://${BUCKET}`,
      STENO_S3_ENDPOINT: s3.endpoint,
      STENO_S3_ACCESS_KEY_ID: s3.accessKeyId,
      STENO_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      STENO_S3_PATH_STYLE: '1',
      STENO_S3_IDLE_SECONDS: '3',
      STENO_SOURCE_PRIVATE_HOSTS: '127.0.0.1',
    });
    closers.push(() => test.close());
    const store = await startFaultyProxy(s3.endpoint);
    closers.push(() => store.close());
    const redis = await startTcpProxy(test.redis.port);
    closers.push(() => redis.close());

    const workers: WorkerProcess[] = [];
    const startWorker = async () => {
      const worker = await test.startWorker({
        STENO_S3_ENDPOINT: store.url,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        STENO_CHUNK_SECONDS: '20',
        STENO_LOCK_SECONDS: '2',
      });
      workers.push(worker);
      return worker;
    };
    const getWorker = async () => {
      const last = workers.at(-1);
      return last?.isRunning() === true ? last : startWorker();
    };

    const made = ['-ac', '1', '-ar', '16000'];
    const paths = {
      short: workshop.make('short.flac', '-t', '12', '-i', examplePath('call.wav'), ...made),
      // prettier-ignore
      long: workshop.make('long.wav', '-stream_loop', '1', '-i', examplePath('podcast.mp3'), '-t', '80', ...made),
    };
    await getWorker();
    const longId = computeTestJobId(paths.long, 'undisturbed');
    redis.watch(longId);
    const hear = async (name: RecordingName): Promise<Recording> => {
      const { spec } = await test.submit(paths[name], { salt: 'undisturbed' });
      const record = await inTime(`${name}, undisturbed`, test.waitForJob(spec.id));
      const words = await readWords(test.fleet, record);
      if (words.length < 20) throw new Error(`Only ${words.length} words in ${paths[name]}.`);
      return { path: paths[name], words };
    };
    const recordings = { short: await hear('short'), long: await hear('long') };
    const undisturbed = {
      numStoreRequests: store.requests.filter(({ path }) => path.includes(longId)).length,
      numRedisRequests: redis.countWatched(),
    };
    const { fleet } = test;
    return {
      ...{ test, fleet, s3, store, redis, recordings, undisturbed },
      ...{ workers, getWorker, startWorker, close },
      endOthers: async () => {
        await Promise.all(workers.slice(0, -1).map((worker) => worker.kill()));
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of a round with all its steps. */
export const ROUND_PATIENCE_MS = 4 * PATIENCE_MS;
