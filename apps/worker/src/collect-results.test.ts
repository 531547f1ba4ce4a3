import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { scratchKeys } from '@stenofleet/shared/storage';
import { type ChunkTicket, type QueueSet } from '@stenofleet/shared/queue';
import { describe, expect, it } from 'vitest';
import { createCheckpoints, type StoredPlan } from './checkpoints.js';
import { collectResults } from './collect-results.js';
import { beginWork, createFakeLedger, makeModel, makeRecord } from './testing/fakes.js';
import { type WorkerContext } from './worker-context.js';

const plan: StoredPlan = {
  version: 1,
  chunks: [0, 1, 2].map((index) => ({
    startSamples: index * 100,
    endSamples: index * 100 + 100,
    audioSeconds: 10 + index,
  })),
  prepared: { durationSamples: 300, speech: [[]], levels: [], computeSeconds: 0 },
  audio: { bytes: 1, container: 'wav', codec: 'pcm', sampleRateHz: 1, channels: 1, track: 0 },
};
const result = { segments: [], computeSeconds: 1 };
const keys = scratchKeys('j1', 'f1');

async function open({ queuedAtMs = 0 } = {}) {
  const storage = createFakeObjectStore();
  const tickets: ChunkTicket[] = [];
  const { ledger, state } = createFakeLedger();
  const work = beginWork();
  const checkpoints = createCheckpoints(storage, {
    jobId: 'j1',
    fingerprint: 'f1',
    signal: work.signal,
  });
  for (const index of [0, 1, 2]) await storage.put(keys.chunkPlan(index), '{}');
  const run = {
    ...{ record: makeRecord(), attempt: { jobId: 'j1', attempt: 1 }, model: makeModel(), work },
    ...{ fingerprint: 'f1', checkpoints, queuedAtMs, isSuspect: false },
    known: {},
    rememberPlan: () => Promise.resolve(),
    steps: { begin: () => undefined, flush: () => Promise.resolve(), stop: () => undefined },
  };
  const queues = {
    addChunk: (_parent: unknown, ticket: ChunkTicket) => Promise.resolve(void tickets.push(ticket)),
  } as unknown as QueueSet;
  const context = { ledger, queues, storage } as unknown as WorkerContext;
  const fail = (index: number, failedAtMs: number) =>
    checkpoints.writeFailure(index, {
      error: { code: 'AUDIO_UNREADABLE', message: 'spoilt', retryable: false },
      ...{ host: 'h', model: 'm', failedAtMs },
    });
  return {
    storage,
    checkpoints,
    tickets,
    state,
    fail,
    collect: () => collectResults(run, plan, context),
  };
}

describe('the chunks of a job', () => {
  it('are complete when each has a result or a reason for none', async () => {
    const { checkpoints, fail, collect, tickets } = await open();
    await checkpoints.writeResult(0, result);
    await fail(1, 5);
    await checkpoints.writeResult(2, result);
    const collected = await collect();
    expect(collected).toMatchObject({
      kind: 'complete',
      chunks: [{ kind: 'result' }, { kind: 'failure' }, { kind: 'result' }],
    });
    expect(tickets).toEqual([]);
  });

  it('go back into the queue as far as they are missing, and the rest counts as done', async () => {
    const { checkpoints, collect, tickets, state } = await open();
    await checkpoints.writeResult(1, result);
    expect(await collect()).toEqual({ kind: 'waiting' });
    expect(tickets.map(({ index, audioSeconds }) => [index, audioSeconds])).toEqual([
      ...[
        [0, 10],
        [2, 12],
      ],
    ]);
    expect(state.chunks).toEqual([{ index: 1, doneSeconds: 11 }]);
  });

  it('that failed before the user asked again are tried again', async () => {
    const { checkpoints, fail, collect, tickets, storage } = await open({ queuedAtMs: 10 });
    await checkpoints.writeResult(0, result);
    await checkpoints.writeResult(1, result);
    await fail(2, 5);
    expect(await collect()).toEqual({ kind: 'waiting' });
    expect(tickets.map(({ index }) => index)).toEqual([2]);
    expect(storage.objects.has(keys.chunkFailure(2))).toBe(false);
  });

  it('are to be cut again where their audio is gone', async () => {
    const { collect, storage, tickets } = await open();
    await storage.delete([keys.chunkPlan(1)]);
    expect(await collect()).toEqual({ kind: 'unprepared' });
    expect(tickets).toEqual([]);
  });
});
