// What happens around a worker that lives on: its inference process, Redis and the storage die, hang or misbehave.

import { setTimeout as delay } from 'node:timers/promises';
import { type ChaosCase } from './chaos-case.js';
import { audioOf, freezeInChunk, isManifest, K, resultOf } from './stages.js';
import { listOutputs } from './observe-job.js';
import { findInferenceProcess } from './processes.js';
import { type Round } from './round.js';
import { inTime, until } from './until.js';

export const inferenceCases: readonly ChaosCase[] = [
  {
    name: `inference process killed: in the middle of chunk ${K}`,
    async disturb(round) {
      process.kill(await freezeInChunk(round), 'SIGKILL');
      await inTime(
        'the crash is noticed',
        round.worker().waitForLine('inference crashed on a chunk'),
      );
    },
  },
  {
    name: 'inference process killed: while it hears the recording for speech',
    async disturb(round) {
      const held = round.holdStore({ method: 'PUT', key: audioOf(0) });
      await round.submit('long');
      await held();
      process.kill(findInferenceProcess(round.worker().pid), 'SIGKILL');
      round.chaos.store.release();
    },
  },
];

export const redisCases: readonly ChaosCase[] = [
  {
    name: 'Redis killed and restarted: chunks in hand, one ends meanwhile',
    async disturb(round) {
      await holdInChunks(round);
      const { store, test } = round.chaos;
      await test.redis.kill();
      store.release();
      await round.waitForResults(K + 1);
      await test.redis.restart();
    },
  },
  {
    name: 'Redis killed and restarted: the manifest is stored meanwhile',
    async disturb(round) {
      const { store, test } = round.chaos;
      const held = round.holdStore(isManifest);
      await round.submit('short');
      await held();
      await round.noteFinished();
      await test.redis.kill();
      store.release();
      await waitForManifest(round);
      await test.redis.restart();
    },
  },
  {
    name: 'Redis and the worker killed: the manifest is stored, nobody knows',
    async disturb(round) {
      const { test } = round.chaos;
      const held = round.holdStore(isManifest, 'hold-answer');
      await round.submit('short');
      await held();
      await round.noteFinished();
      await test.redis.kill();
      await round.killWorker();
      await test.redis.restart();
      await round.startWorker();
    },
  },
];

export function storeCases({ outageMs }: { outageMs: number }): readonly ChaosCase[] {
  return [
    {
      name: `radosgw suspended for ${outageMs / 1000} s`,
      async disturb(round) {
        await holdInChunks(round);
        const { store, s3 } = round.chaos;
        s3.suspend();
        store.release();
        // The length of the outage, not a wait for anything.
        await delay(outageMs);
        s3.resume();
      },
    },
    {
      name: 'radosgw killed and restarted',
      async disturb(round) {
        await holdInChunks(round);
        const { store, s3 } = round.chaos;
        await s3.kill();
        store.release();
        await s3.restart();
      },
    },
    {
      name: 'storage answers 503 until a chunk has failed of it',
      async disturb(round) {
        await holdInChunks(round);
        const { store } = round.chaos;
        const { id } = round.job().spec;
        store.release();
        round.faultStore({ kind: 'answer', status: 503, code: 'SlowDown' });
        await inTime(
          'a ticket fails',
          round.worker().waitForLine('failed, to be tried again', ({ job }) => job === id),
        );
        store.release();
      },
    },
    {
      name: 'storage cuts the bodies of its answers',
      async disturb(round) {
        const match = { method: 'GET' as const, key: /\/scratch\/.*chunk-/ };
        round.faultStore({ kind: 'cut', afterBytes: 200 }, { match, times: 40 });
        await round.submit('long');
        await round.waitForEnd();
      },
    },
    {
      name: 'storage loses the answer to the first write of each object',
      async disturb(round) {
        // The S3 client stops trying again where some fifty answers were lost and few came: each round gets a new one.
        await round.startWorker();
        const written = new Set<string>();
        const { store } = round.chaos;
        store.setMode({
          kind: 'lose-answer',
          matching: ({ method, path }) => {
            if (method !== 'PUT' || written.has(path)) return false;
            written.add(path);
            return true;
          },
        });
        await round.submit('long');
        await round.waitForEnd();
      },
    },
  ];
}

/** A long recording of which chunk K is recognised, and its result under way. */
async function holdInChunks(round: Round): Promise<void> {
  const held = round.holdStore({ method: 'PUT', key: resultOf(K) });
  await round.submit('long');
  await held();
  await round.waitForResults(K);
  await round.noteFinished();
}

async function waitForManifest(round: Round): Promise<void> {
  const { fleet } = round.chaos;
  await until('the manifest is stored', async () => {
    const outputs = await listOutputs(fleet, round.job().spec);
    return outputs.some(({ key }) => key.endsWith('.manifest.json'));
  });
}
