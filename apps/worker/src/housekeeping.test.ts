import { isFinal, type JobRecord } from '@stenofleet/shared/job';
import { createQueueCatalogue, type QueueSet } from '@stenofleet/shared/queue';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { describe, expect, it } from 'vitest';
import { restoreTickets } from './housekeeping.js';
import { sweepScratch } from './sweep-scratch.js';
import { createFakeLedger, makeRecord, makeSpec, silentLog } from './testing/fakes.js';

const DAY_MS = 86_400_000;
const record = (id: string, changes: Partial<JobRecord> = {}) =>
  makeRecord(makeSpec({ id }), changes);

describe('housekeeping', () => {
  it('gives a new ticket to jobs that have lost theirs, and to no others', async () => {
    const { ledger, state } = createFakeLedger([
      record('has-one'),
      record('lost'),
      record('lost-while-queued', { status: 'queued' }),
      record('over', { status: 'done' }),
      record('loops', { attempt: 200 }),
    ]);
    const added: string[] = [];
    const queues = {
      catalogue: createQueueCatalogue('test'),
      get: () => ({ getJob: (id: string) => Promise.resolve(id === 'has-one' ? {} : undefined) }),
      addJob: ({ spec }: JobRecord) => Promise.resolve(void added.push(spec.id)),
    } as unknown as QueueSet;
    const options = { ledger, queues, log: silentLog, now: () => 0 };
    expect(await restoreTickets(options)).toBe(3);
    expect(added).toEqual(['lost', 'lost-while-queued']);
    expect(state.failed).toEqual(['loops']);
  });

  it('removes old scratch of jobs that need none', async () => {
    let nowMs = 0;
    const storage = createFakeObjectStore({ now: () => nowMs });
    const statuses = ['queued', 'running', 'done', 'partial', 'failed', 'cancelled'] as const;
    for (const name of [...statuses, 'unknown']) {
      for (const file of ['a.json', 'b.flac']) await storage.put(`scratch/${name}/f/${file}`, 'x');
    }
    nowMs = DAY_MS / 2;
    await storage.put('scratch/young/f/a.json', 'x');
    await storage.put('results/unknown/a.json', 'x');
    const { ledger } = createFakeLedger(statuses.map((status) => record(status, { status })));
    const { signal } = new AbortController();
    const options = { storage, ledger, log: silentLog, now: () => DAY_MS + 1, signal };
    expect(await sweepScratch(options)).toBe(3);
    const left = new Set([...storage.objects.keys()].map((key) => key.split('/')[1]));
    expect([...left].sort()).toEqual([
      'failed',
      'partial',
      'queued',
      'running',
      'unknown',
      'young',
    ]);
    expect(storage.objects.has('scratch/unknown/f/a.json')).toBe(false);
    expect(statuses.filter(isFinal)).toHaveLength(4);
  });
});
