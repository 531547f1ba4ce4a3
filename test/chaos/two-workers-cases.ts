// Two workers on one job: the first is held still past its lock, another finishes, and the first goes on. What it had
// under way arrives late.

import { isDeepStrictEqual } from 'node:util';
import { type ChaosCase } from './chaos-case.js';
import { listOutputs } from './observe-job.js';
import { type RecordingName } from './chaos-fleet.js';
import { type RequestMatch } from './round.js';
import { isManifest, K, resultOf } from './stages.js';
import { until } from './until.js';

/** What a worker says that finds itself overtaken. */
const givenUp = ['another attempt has taken over; nothing was written', 'cancelled'];

type Overtaking = {
  recording: RecordingName;
  leaves?: number;
  /** Whether the job's record is deleted, and its result is not, before the late worker goes on. */
  isForgotten?: boolean;
} & (
  | {
      /** A request to storage that is late; its worker is held still meanwhile. */
      match: RequestMatch;
      kind?: 'hold' | 'hold-answer';
    }
  | {
      /** Text of the request to Redis with which all that the worker says there is late. */
      from: string;
    }
);

function overtake(
  name: string,
  { recording, leaves = 0, isForgotten = false, ...how }: Overtaking,
): ChaosCase {
  return {
    name,
    leaves,
    async disturb(round) {
      const { store, redis, fleet, test } = round.chaos;
      const late = round.worker();
      const isCutOff = 'from' in how;
      const held = isCutOff
        ? round.holdRedis({ direction: 'requests', from: how.from })
        : round.holdStore(how.match, how.kind);
      await round.submit(recording);
      await held();
      if (!isCutOff) late.suspend();
      await round.noteFinished();
      await round.startWorker();
      const record = await round.waitForEnd();
      const outputs = await listOutputs(fleet, record.spec);

      if (isForgotten) await round.forget();
      store.release();
      redis.release();
      late.resume();
      const { id } = record.spec;
      const isGivenUp = () =>
        late.output.some((line) => line['job'] === id && givenUp.includes(line.msg));
      await until('the late worker gives up', isGivenUp);
      const after = await listOutputs(fleet, record.spec);
      const isSame =
        isDeepStrictEqual(after, outputs) &&
        (isForgotten || isDeepStrictEqual(await test.getJob(id), record));
      if (!isSame) console.warn(JSON.stringify({ outputs, after }));
      round.addDoubled(isSame ? 0 : 1);
    },
  };
}

export const twoWorkersCases: readonly ChaosCase[] = [
  overtake('two workers: the first is late with the result of the only chunk', {
    recording: 'short',
    match: { method: 'PUT', key: resultOf(0) },
    // Result and plan come when scratch is gone, and stay for the sweep.
    leaves: 2,
  }),
  overtake(`two workers: the first is late with the result of chunk ${K}`, {
    recording: 'long',
    match: { method: 'PUT', key: resultOf(K) },
    // The result comes when scratch is gone, and stays for the sweep.
    leaves: 1,
  }),
  overtake('two workers: the first is late with its second output', {
    recording: 'short',
    match: { method: 'PUT', key: /\.srt$/ },
  }),
  overtake('two workers: the first is late with the manifest', {
    recording: 'short',
    match: isManifest,
  }),
  overtake('two workers: the first is late with telling the ledger of its manifest', {
    recording: 'short',
    from: '"manifestUrl"',
  }),
  overtake('two workers: the first is late with queueing a chunk', {
    recording: 'long',
    from: '-c1',
  }),
  overtake('two workers: the first is late with its second output, and the record is deleted', {
    recording: 'short',
    match: { method: 'PUT', key: /\.srt$/ },
    isForgotten: true,
  }),
  overtake(
    'two workers: the first has not heard that its manifest is stored, and the record is deleted',
    {
      recording: 'short',
      match: isManifest,
      kind: 'hold-answer',
      isForgotten: true,
    },
  ),
];
