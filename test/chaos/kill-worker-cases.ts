// kill -9 of the worker at each stage of a job. The stage is held, not hoped for: the request that marks it waits in a
// proxy while the worker dies.

import { readFile } from 'node:fs/promises';
import { type JobRecord } from '@stenofleet/shared/job';
import { sendRecording, startRecordingServer } from '../servers/recording-server.js';
import { type ChaosCase } from './chaos-case.js';
import { audioOf, freezeInChunk, isManifest, K, resultOf } from './stages.js';
import { type RequestMatch, type Round } from './round.js';
import { inTime } from './until.js';

async function killAndTakeOver(round: Round): Promise<void> {
  await round.killWorker();
  await round.startWorker();
}

/** Kills where a request to storage, or its answer, is under way. */
function killAtRequest(
  name: string,
  recording: 'short' | 'long',
  {
    match,
    kind = 'hold',
    numResults = 0,
    check,
  }: {
    match: RequestMatch;
    kind?: 'hold' | 'hold-answer';
    /** Chunk results that are stored by then. */
    numResults?: number;
    check?: (record: JobRecord) => boolean;
  },
): ChaosCase {
  return {
    name,
    async disturb(round) {
      const held = round.holdStore(match, kind);
      await round.submit(recording);
      await held();
      await round.waitForResults(numResults);
      const record = await round.chaos.test.getJob(round.job().spec.id);
      if (check && !check(record)) throw new Error(`Not at the stage: ${JSON.stringify(record)}`);
      await killAndTakeOver(round);
    },
  };
}

/** Kills where a request to Redis is under way (`requests`), or its answer. */
function killAtRedis(
  name: string,
  recording: 'short' | 'long',
  { from, direction }: { from: string; direction: 'requests' | 'answers' },
): ChaosCase {
  return {
    name,
    async disturb(round) {
      const held = round.holdRedis({ direction, from });
      await round.submit(recording);
      await held();
      await killAndTakeOver(round);
    },
  };
}

export const killWorkerCases: readonly ChaosCase[] = [
  {
    name: 'fetch: half of the recording has come',
    async disturb(round) {
      const body = await readFile(round.chaos.recordings.short.path);
      let stalled: () => void = () => undefined;
      const half = new Promise<void>((resolve) => (stalled = resolve));
      let numBodies = 0;
      const server = await startRecordingServer((request, response) => {
        if (request.method === 'GET' && numBodies++ === 0) {
          response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
          response.write(body.subarray(0, body.length / 2), stalled);
        } else sendRecording(request, { response, body });
      });
      try {
        await round.submit('short', `${server.url}/short.flac`);
        await inTime('the recording is being fetched', half);
        await killAndTakeOver(round);
        await round.waitForEnd();
      } finally {
        await server.close();
      }
    },
  },
  killAtRequest('decode: the first chunk is being stored, the next are cut', 'long', {
    match: { method: 'PUT', key: audioOf(0) },
    check: ({ step }) => step === 'prepare',
  }),
  killAtRedis('decode: a chunk is stored and not yet queued', 'long', {
    from: '-c1',
    direction: 'requests',
  }),
  killAtRequest('decode: all is cut, the plan is being stored', 'long', {
    match: { method: 'PUT', key: /\/plan\.json$/ },
  }),
  killAtRedis('chunks: the job is about to wait for them', 'long', {
    from: ':waiting-children',
    direction: 'requests',
  }),
  killAtRedis('chunks: the job waits for them, the worker has no answer', 'long', {
    from: ':waiting-children',
    direction: 'answers',
  }),
  {
    name: `chunk ${K}: in the middle of inference`,
    async disturb(round) {
      const pid = await freezeInChunk(round);
      const killed = round.killWorker();
      process.kill(pid, 'SIGCONT');
      await killed;
      await round.startWorker();
    },
  },
  killAtRequest(`store: result of chunk ${K}, not arrived`, 'long', {
    match: { method: 'PUT', key: resultOf(K) },
    numResults: K,
  }),
  killAtRequest(`store: result of chunk ${K}, stored, not answered`, 'long', {
    match: { method: 'PUT', key: resultOf(K) },
    kind: 'hold-answer',
    numResults: K + 1,
  }),
  killAtRequest('store: result of a short recording, stored, not answered', 'short', {
    match: { method: 'PUT', key: resultOf(0) },
    kind: 'hold-answer',
    numResults: 1,
  }),
  {
    name: 'assemble: the results are being read',
    async disturb(round) {
      const isAllDone = () =>
        round.countPuts(/\/plan\.json$/) === 1 &&
        round.countPuts(/\.result\.json$/) === round.countPuts(/\.flac$/);
      const held = round.holdStore({ method: 'GET', key: resultOf(K), when: isAllDone });
      await round.submit('long');
      await held();
      await round.waitForResults(round.countPuts(/\.flac$/));
      await killAndTakeOver(round);
    },
  },
  killAtRequest('outputs: between the first and the second', 'long', {
    match: { method: 'PUT', key: /\.srt$/ },
    check: ({ step }) => step === 'publish',
  }),
  killAtRequest('between outputs and manifest', 'short', { match: isManifest }),
  killAtRequest('manifest: stored, not answered', 'short', {
    match: isManifest,
    kind: 'hold-answer',
  }),
  killAtRedis('acknowledge: the ledger has not heard', 'short', {
    from: '"manifestUrl"',
    direction: 'requests',
  }),
  {
    name: 'acknowledge: the ledger has heard, the worker has no answer',
    async disturb(round) {
      const held = round.holdRedis({ direction: 'answers', from: '"manifestUrl"' });
      await round.submit('short');
      await held();
      await round.waitForEnd();
      await killAndTakeOver(round);
    },
  },
];

/** Stages that nobody has thought of: the requests of a whole job, each in its turn. */
export const sweepCases: readonly ChaosCase[] = [
  {
    name: 'anywhere: at one of all requests to storage',
    async disturb(round) {
      const { numStoreRequests } = round.chaos.undisturbed;
      const nth = pickNth(round, numStoreRequests);
      let count = 0;
      const { store } = round.chaos;
      const id = round.idOf('long');
      const isNth = ({ path }: { path: string }) => path.includes(id) && ++count === nth;
      store.setMode({ kind: 'hold', times: 1, matching: isNth });
      await round.submit('long');
      await inTime(`request ${nth} of ${numStoreRequests} is held`, store.waitUntilHeld());
      await killAndTakeOver(round);
    },
  },
  ...(['requests', 'answers'] as const).map((direction) => ({
    name: `anywhere: at one of all ${direction === 'requests' ? 'requests to' : 'answers of'} Redis`,
    async disturb(round: Round) {
      const { numRedisRequests } = round.chaos.undisturbed;
      const nth = pickNth(round, numRedisRequests);
      const held = round.holdRedis({ direction, from: round.idOf('long'), nth });
      await round.submit('long');
      await held();
      await killAndTakeOver(round);
    },
  })),
];

/** Evenly over all rounds; not the last few, whose number is not the same each time. */
function pickNth({ place }: Round, total: number): number {
  return 1 + Math.floor(place * total * 0.9);
}
