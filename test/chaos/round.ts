// One round of a case: a job, what befalls it, and what has become of it.

import { isFinal, type JobRecord } from '@stenofleet/shared/job';
import { type FaultyMode, type ProxiedRequest } from '../servers/faulty-proxy.js';
import { type TcpHold } from '../servers/tcp-proxy.js';
import { computeTestJobId } from '../servers/test-fleet.js';
import { type WorkerProcess } from '../servers/worker-process.js';
import { type ChaosFleet, type RecordingName } from './chaos-fleet.js';
import {
  countDoubles,
  countLeftovers,
  findResultIndex,
  listFinishedChunks,
  listOutputs,
  readWords,
} from './observe-job.js';
import { findFamily, isAlive } from './processes.js';
import { inTime, until } from './until.js';

export type RoundFacts = {
  lost: number;
  doubled: number;
  /** Chunks recognised again though their result was stored. */
  redone: number;
  /** Chunks recognised again because their result was not stored when something died. */
  repeated: number;
  wordsEqual: boolean;
  /** Tickets and scratch that stay. */
  left: number;
};

export type RequestMatch = {
  method: 'PUT' | 'GET' | 'HEAD';
  key: RegExp;
  /** @defaultValue always */
  when?: () => boolean;
};

export type Round = {
  chaos: ChaosFleet;
  /** Which round of all it is: from 0 to below 1. */
  place: number;
  /** Of the job that `submit` will start. */
  idOf: (recording: RecordingName) => string;
  job: () => JobRecord;
  worker: () => WorkerProcess;
  /** Starts a job on the worker, or on a new one where none runs. `uri`: the recording lies there. */
  submit: (recording: RecordingName, uri?: string) => Promise<void>;
  /** Takes on a job that was submitted elsewhere. */
  adopt: (id: string, recording: RecordingName) => Promise<void>;
  /** Results that were seen to be written a second time. */
  addDoubled: (count: number) => void;
  /** Holds the first such request of a worker to storage, or its answer; the answer waits until it is held. */
  holdStore: (match: RequestMatch, kind?: 'hold' | 'hold-answer') => () => Promise<void>;
  faultStore: (mode: FaultyMode, options?: { match?: RequestMatch; times?: number }) => void;
  /** Holds what workers say to Redis, or what they hear. */
  holdRedis: (hold: TcpHold) => () => Promise<void>;
  /** From now on, what is stored is not to be made again. */
  noteFinished: () => Promise<number[]>;
  /** SIGKILL to the worker; what it had under way never arrives. Waits until all it has begun is gone. */
  killWorker: () => Promise<void>;
  /** Another worker beside it, or after it. */
  startWorker: () => Promise<WorkerProcess>;
  waitForResults: (count: number) => Promise<void>;
  /** How many objects of the job a worker has sent to storage so far. */
  countPuts: (key: RegExp) => number;
  waitForEnd: () => Promise<JobRecord>;
  /** Deletes the record of the job, which is over. */
  forget: () => Promise<void>;
  /** `leaves`: so many leftovers are not waited for. */
  finish: (leaves?: number) => Promise<RoundFacts>;
};

export type RoundOptions = { name: string; place: number };

export async function startRound(chaos: ChaosFleet, { name, place }: RoundOptions): Promise<Round> {
  const { test, fleet, store, redis } = chaos;
  const worker = await chaos.getWorker();
  const finished = new Map<number, Set<string>>();
  let recording: RecordingName = 'short';
  let job: JobRecord | undefined;
  let forgotten: JobRecord | undefined;
  let seenDoubled = 0;
  const getJob = () => {
    if (!job) throw new Error('No job was submitted.');
    return job;
  };
  const getId = () => getJob().spec.id;
  /** Each recognition of a chunk creates its result under an id of its own, whatever becomes of that. */
  const findRecognitions = (index: number) =>
    new Set(
      store.requests
        .filter(({ method, path }) => method === 'PUT' && path.includes(getId()))
        .filter(({ path }) => findResultIndex(path) === index)
        .map(({ headers }) => String(headers['x-amz-meta-stenofleet-creator'])),
    );

  const round: Round = {
    ...{ chaos, place },
    idOf: (which) => computeTestJobId(chaos.recordings[which].path, name),
    job: getJob,
    worker: () => worker,
    async submit(which, uri) {
      recording = which;
      job = await test.submit(uri ?? chaos.recordings[which].path, { salt: name });
    },
    async adopt(id, which) {
      recording = which;
      job = await test.getJob(id);
    },
    addDoubled: (count) => (seenDoubled += count),
    holdStore(match, kind = 'hold') {
      store.setMode({ kind, times: 1, matching: toMatcher(match) });
      return () => inTime(`${match.method} of ${match.key.source} is held`, store.waitUntilHeld());
    },
    faultStore(mode, { match, times } = {}) {
      store.setMode({
        ...mode,
        ...(match && { matching: toMatcher(match) }),
        ...(times !== undefined && { times }),
      });
    },
    holdRedis(hold) {
      redis.hold(hold);
      return () => inTime(`"${hold.from}" is held`, redis.waitUntilHeld());
    },
    async noteFinished() {
      const indexes = await listFinishedChunks(fleet, getId());
      for (const index of indexes) {
        if (!finished.has(index)) finished.set(index, findRecognitions(index));
      }
      return indexes;
    },
    async killWorker() {
      await round.noteFinished();
      const family = findFamily(worker.pid);
      await worker.kill();
      store.drop();
      redis.cut();
      await until('the dead worker has left no process', () => !family.some(isAlive));
    },
    startWorker: () => inTime('a worker is ready', chaos.startWorker()),
    async waitForResults(count) {
      await until(`${count} chunks are stored`, async () => {
        return (await listFinishedChunks(fleet, getId())).length >= count;
      });
    },
    countPuts(key) {
      const paths = store.requests.filter(({ method }) => method === 'PUT').map(toPath);
      return new Set(paths.filter((path) => path.includes(getId()) && key.test(path))).size;
    },
    async waitForEnd() {
      await until('the job is over', async () => isFinal((await test.getJob(getId())).status));
      return test.getJob(getId());
    },
    async forget() {
      forgotten = await round.waitForEnd();
      await fleet.ledger.removeJob(getId());
    },
    async finish(leaves = 0) {
      store.release();
      redis.release();
      await chaos.endOthers();
      const ended = forgotten ?? (await round.waitForEnd().catch(() => undefined));
      if (ended?.status !== 'done') {
        console.warn(JSON.stringify(ended ?? (await test.getJob(getId()))));
        return { lost: 1, doubled: 0, redone: 0, repeated: 0, wordsEqual: false, left: 0 };
      }
      const outputs = await listOutputs(fleet, ended.spec);
      if (!outputs.some(({ key }) => key.endsWith('.manifest.json'))) {
        console.warn(`${name}: the result of ${getId()} is gone.`);
        return { lost: 1, doubled: 0, redone: 0, repeated: 0, wordsEqual: false, left: 0 };
      }
      const numLeft = () => countLeftovers(fleet, ended);
      await until('nothing is left', async () => (await numLeft()) <= leaves, 10_000).catch(
        () => 0,
      );
      const words = await readWords(fleet, ended);
      const made = findAllRecognitions(store.requests, getId());
      const again = [...finished].flatMap(([index, known]) =>
        [...findRecognitions(index)].filter((creator) => !known.has(creator)),
      );
      return {
        lost: 0,
        doubled: seenDoubled + (await countDoubles(fleet, ended)),
        redone: again.length,
        repeated: made.recognitions - made.chunks - again.length,
        wordsEqual: JSON.stringify(words) === JSON.stringify(chaos.recordings[recording].words),
        left: await numLeft(),
      };
    },
  };
  return round;
}

function findAllRecognitions(requests: readonly ProxiedRequest[], id: string) {
  const results = requests.filter(
    ({ method, path }) =>
      method === 'PUT' && path.includes(id) && findResultIndex(path) !== undefined,
  );
  return {
    chunks: new Set(results.map(({ path }) => findResultIndex(path))).size,
    recognitions: new Set(results.map(({ headers }) => headers['x-amz-meta-stenofleet-creator']))
      .size,
  };
}

function toMatcher({ method, key, when = () => true }: RequestMatch) {
  return (request: ProxiedRequest) =>
    request.method === method && key.test(toPath(request)) && when();
}

function toPath({ path }: ProxiedRequest): string {
  return decodeURIComponent(path.split('?')[0] ?? '');
}
