import { createLedger, type Ledger } from '@stenofleet/shared/ledger';
import { type JobSpec, type JobStatus, jobStatuses } from '@stenofleet/shared/job';
import { createRedisKeys, openRedis } from '@stenofleet/shared/queue';
import fc from 'fast-check';
import { type Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../servers/redis-server.js';

const keys = createRedisKeys('test');
let server: RedisServer;
let redis: Redis;
let nowMs = Date.UTC(2026, 0, 1);
let ledger: Ledger;

beforeAll(async () => {
  server = await startRedisServer();
  redis = openRedis(server.url);
});

beforeEach(async () => {
  await redis.flushall();
  nowMs = Date.UTC(2026, 0, 1);
  ledger = createLedger(redis, { keys, retentionMs: 1_000_000, now: () => nowMs });
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

function spec(id: string, changes: Partial<JobSpec> = {}): JobSpec {
  return {
    id,
    tenant: 'museum',
    source: { uri: `file:///recordings/${id}.wav`, name: `${id}.wav`, etag: 'e1' },
    plan: { model: 'demo-en', tier: 'int8', channels: 'mix', formats: ['json'], partial: false },
    output: { prefix: `file:///data/results/museum/${id}`, name: id, overwrite: false },
    priority: 'normal',
    metadata: {},
    createdAtMs: nowMs,
    ...changes,
  };
}

const result = {
  files: [],
  audioSeconds: 60,
  words: 100,
  computeSeconds: 3,
  flags: [],
  manifestUrl: 'file:///data/m.json',
  gaps: [],
};
const error = { code: 'AUDIO_UNREADABLE', message: 'No recording.', retryable: false };

async function createBatch(id = 'b1', webhook?: { url: string }) {
  const request = {
    defaults: {},
    metadata: {},
    input: { prefix: 's3://bucket/in' },
    ...(webhook && { webhook }),
  };
  return ledger.createBatch({ id, tenant: 'museum', request, createdAtMs: nowMs });
}

async function run(id: string) {
  const record = await ledger.startAttempt(id, 'host-1');
  return { jobId: id, attempt: record?.attempt ?? -1 };
}

describe('a job in the ledger', () => {
  it('is created once; a second submission gets the first', async () => {
    const first = await ledger.createJob(spec('j1'));
    const second = await ledger.createJob(spec('j1'));
    expect([first.kind, second.kind]).toEqual(['created', 'existing']);
    expect(await ledger.getUsage('museum')).toMatchObject({ openJobs: 1 });
  });

  it('accepts writes of its latest attempt only', async () => {
    await ledger.createJob(spec('j1'));
    const lost = await run('j1');
    const current = await run('j1');
    expect(await ledger.checkStanding(lost)).toBe('superseded');
    expect(await ledger.finishAttempt(lost, { status: 'done', result })).toBe('superseded');
    expect(await ledger.finishAttempt(current, { status: 'done', result })).toBe('current');
    expect(await ledger.finishAttempt(current, { status: 'failed', error })).toBe('superseded');
    expect((await ledger.getJob('j1'))?.status).toBe('done');
    expect(await ledger.startAttempt('j1', 'host-2')).toBeUndefined();
  });

  it('counts no attempt that only goes on with chunks, or after a host that stopped', async () => {
    const counts = async () => {
      const record = await ledger.getJob('j1');
      return [record?.attempt, record?.returns];
    };
    await ledger.createJob(spec('j1'));
    expect(await ledger.leaveToChunks(await run('j1'))).toBe('current');
    const second = await run('j1');
    expect(await counts()).toEqual([2, 1]);
    await ledger.handBack(second);
    const third = await run('j1');
    expect(await counts()).toEqual([3, 2]);
    await ledger.handBack(third, error);
    await run('j1');
    expect(await counts()).toEqual([4, 2]);
    expect(await ledger.leaveToChunks(third)).toBe('superseded');
  });

  it('knows an attempt of a record that was removed and made again', async () => {
    await ledger.createJob(spec('j1'));
    const old = { ...(await run('j1')), life: nowMs };
    await ledger.cancelJob('j1');
    await ledger.removeJob('j1');
    expect(await ledger.checkStanding(old)).toBe('superseded');
    nowMs += 5_000;
    await ledger.createJob(spec('j1'));
    const current = { ...(await run('j1')), life: nowMs };
    expect(current.attempt).toBe(old.attempt);
    expect(await ledger.checkStanding(current)).toBe('current');
    expect(await ledger.finishAttempt(old, { status: 'done', result })).toBe('superseded');
  });

  it('sums the progress of its chunks and never goes back', async () => {
    await ledger.createJob(spec('j1'));
    const attempt = await run('j1');
    await ledger.reportStep(attempt, 'prepare', 100);
    await ledger.reportChunk('j1', { index: 0, doneSeconds: 30 });
    await ledger.reportChunk('j1', { index: 1, doneSeconds: 40 });
    await ledger.reportChunk('j1', { index: 0, doneSeconds: 10 });
    expect(await ledger.getJob('j1')).toMatchObject({ doneSeconds: 70, audioSeconds: 100 });
    const [backlog] = await ledger.getBacklog();
    expect(backlog).toMatchObject({
      model: 'demo-en',
      tier: 'int8',
      runningJobs: 1,
      openSeconds: 30,
    });
  });

  it('tells those who work on it that it was cancelled', async () => {
    await ledger.createJob(spec('j1'));
    const attempt = await run('j1');
    const heard: string[] = [];
    const listener = openRedis(server.url);
    await listener.subscribe(keys.cancelChannel);
    const told = new Promise<void>((resolve) => {
      listener.on('message', (_channel, id: string) => {
        heard.push(id);
        resolve();
      });
    });
    await ledger.cancelJob('j1');
    await told;
    listener.disconnect();
    expect(heard).toEqual(['j1']);
    expect(await ledger.checkStanding(attempt)).toBe('cancelled');
    expect(await ledger.reportChunk('j1', { index: 0, doneSeconds: 1 })).toBe('cancelled');
  });

  it('is refused beyond the quota and taken again when there is room', async () => {
    const quota = { maxOpenJobs: 1 };
    await ledger.createJob(spec('j1'), { quota });
    expect(await ledger.createJob(spec('j2'), { quota })).toMatchObject({
      kind: 'quota',
      limit: 'jobs',
    });
    await ledger.cancelJob('j1');
    expect(await ledger.createJob(spec('j2'), { quota })).toMatchObject({ kind: 'created' });
  });

  it('holds its output name against others until it fails or goes', async () => {
    const output = { prefix: 's3://bucket/out', name: 'talk', overwrite: false };
    await ledger.createJob(spec('j1', { output }));
    expect(await ledger.createJob(spec('j2', { output }))).toEqual({
      kind: 'output-taken',
      by: 'j1',
    });
    await ledger.finishAttempt(await run('j1'), { status: 'failed', error });
    expect(await ledger.createJob(spec('j2', { output }))).toMatchObject({ kind: 'created' });
  });

  it('goes with everything when its retention has passed', async () => {
    await ledger.createJob(spec('j1'));
    await ledger.finishAttempt(await run('j1'), { status: 'done', result });
    expect(await ledger.removeExpired(nowMs + 999_999)).toBe(0);
    expect(await ledger.removeExpired(nowMs + 1_000_001)).toBe(1);
    expect(await ledger.getJob('j1')).toBeUndefined();
    expect((await ledger.listJobs({ tenant: 'museum', limit: 10 })).items).toEqual([]);
  });

  it('is listed newest first, page by page, also within one millisecond', async () => {
    for (let i = 0; i < 25; i++) {
      if (i % 10 === 0) nowMs += 1;
      await ledger.createJob(spec(`j${i}`));
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await ledger.listJobs({
        tenant: 'museum',
        limit: 7,
        ...(cursor !== undefined && { cursor }),
      });
      seen.push(...page.items.map(({ spec: { id } }) => id));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(25);
    expect(seen).toHaveLength(25);
    expect(await ledger.listJobs({ tenant: 'other', limit: 7 })).toEqual({ items: [] });
  });
});

describe('the order of jobs', () => {
  it('lets a single job go before a batch that came first, and urgent before all', async () => {
    await createBatch();
    for (let item = 1; item <= 200; item++) {
      await ledger.createJob(spec(`j${item}`, { batch: 'b1' }), { item });
    }
    for (let item = 1; item <= 3; item++) await run(`j${item}`);
    const single = await ledger.createJob(spec('single'));
    const urgent = await ledger.createJob(spec('urgent', { priority: 'urgent' }));
    const bulk = await ledger.createJob(spec('bulk', { priority: 'bulk' }));
    const ranks = (await ledger.getJobs(['j4', 'j5', 'j200'])).map((record) => record?.rank ?? 0);
    const rankOf = (created: typeof single) => ('record' in created ? created.record.rank : NaN);
    expect(rankOf(single)).toBeLessThanOrEqual(ranks[0] ?? 0);
    expect(rankOf(urgent)).toBeLessThan(rankOf(single));
    expect(rankOf(bulk)).toBeGreaterThan(ranks[2] ?? 0);
  });
});

describe('a batch', () => {
  it('counts what became of its jobs and ends with the last', async () => {
    await createBatch('b1', { url: 'https://example.org/hook' });
    for (let item = 1; item <= 3; item++) {
      await ledger.createJob(spec(`j${item}`, { batch: 'b1' }), { item });
    }
    // The same recording again, under another number: no second job.
    await ledger.createJob(spec('j1', { batch: 'b1' }), { item: 4 });
    const refused = [{ item: 5, source: 'ftp://x', error }];
    await ledger.advanceBatch('b1', { itemsRead: 5, cursor: 'c', refused });
    await ledger.advanceBatch('b1', { itemsRead: 5, cursor: 'c', refused });
    await ledger.finishAttempt(await run('j1'), { status: 'done', result });
    await ledger.finishAttempt(await run('j2'), { status: 'failed', error });
    await ledger.completeExpansion('b1');
    expect((await ledger.getBatch('b1'))?.status).toBe('running');
    await ledger.cancelJob('j3');
    expect(await ledger.getBatch('b1')).toMatchObject({
      status: 'finished',
      counts: {
        queued: 0,
        running: 0,
        done: 1,
        partial: 0,
        failed: 1,
        cancelled: 1,
        refused: 1,
        duplicates: 1,
      },
      audioSeconds: 60,
      doneSeconds: 60,
      computeSeconds: 3,
      // Refused items count, too, with their source.
      failures: [{ code: 'AUDIO_UNREADABLE', count: 2, examples: ['ftp://x', 'j2'] }],
    });
    expect(await ledger.listRefused('b1', { offset: 0, limit: 10 })).toHaveLength(1);
    expect(await redis.xlen(keys.notices)).toBe(1);
  });

  it('runs again when a failed job is retried', async () => {
    await createBatch();
    await ledger.createJob(spec('j1', { batch: 'b1' }), { item: 1 });
    await ledger.completeExpansion('b1');
    await ledger.finishAttempt(await run('j1'), { status: 'failed', error });
    await ledger.requeueJob('j1');
    expect(await ledger.getBatch('b1')).toMatchObject({
      status: 'running',
      counts: { queued: 1, failed: 0 },
      failures: [],
    });
  });

  it('shares a job with another batch', async () => {
    await createBatch('b1');
    await createBatch('b2');
    await ledger.createJob(spec('j1', { batch: 'b1' }), { item: 1 });
    await ledger.createJob(spec('j1', { batch: 'b2' }), { item: 1 });
    await ledger.completeExpansion('b2');
    await ledger.finishAttempt(await run('j1'), { status: 'done', result });
    expect(await ledger.getBatch('b1')).toMatchObject({ status: 'expanding', counts: { done: 1 } });
    expect(await ledger.getBatch('b2')).toMatchObject({ status: 'finished', counts: { done: 1 } });
  });
});

describe('events', () => {
  it('are read from where a reader stopped, each once', async () => {
    await ledger.createJob(spec('j1'));
    const attempt = await run('j1');
    const [first] = await ledger.readEvents('0-0', { waitMs: 0, limit: 1 });
    await ledger.finishAttempt(attempt, { status: 'done', result });
    const rest = await ledger.readEvents(first?.id ?? '', { waitMs: 0, limit: 10 });
    expect([first?.type, ...rest.map(({ type }) => type)]).toEqual([
      'job.queued',
      'job.running',
      'job.done',
    ]);
    expect(await ledger.getLastEventId()).toBe(rest.at(-1)?.id);
  });
});

describe('whatever happens in whatever order', () => {
  const step = fc.record({
    job: fc.integer({ min: 1, max: 4 }),
    act: fc.constantFrom(
      'create',
      'start',
      'chunk',
      'done',
      'fail',
      'back',
      'cancel',
      'retry',
      'remove',
      'lost',
    ),
  });

  it('counts, indexes and backlog agree with the jobs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await redis.flushall();
        await createBatch();
        const attempts = new Map<string, { jobId: string; attempt: number }>();
        for (const { job, act } of steps) {
          const id = `j${job}`;
          const attempt = attempts.get(id) ?? { jobId: id, attempt: 0 };
          nowMs += 700;
          switch (act) {
            case 'create':
              await ledger.createJob(spec(id, job % 2 === 0 ? { batch: 'b1' } : {}), { item: job });
              break;
            case 'start':
              attempts.set(id, await run(id));
              break;
            case 'chunk':
              await ledger.reportStep(attempt, 'recognize', 60);
              await ledger.reportChunk(id, { index: 0, doneSeconds: 20 });
              break;
            case 'done':
              await ledger.finishAttempt(attempt, { status: 'done', result });
              break;
            case 'fail':
              await ledger.finishAttempt(attempt, { status: 'failed', error });
              break;
            case 'back':
              await ledger.handBack(attempt, error);
              break;
            case 'cancel':
              await ledger.cancelJob(id);
              break;
            case 'retry':
              await ledger.requeueJob(id);
              break;
            case 'remove':
              await ledger.removeJob(id);
              break;
            case 'lost':
              await ledger.failJob(id, error);
              break;
          }
        }
        await expectAgreement();
      }),
      { numRuns: 60 },
    );
  });
});

async function expectAgreement(): Promise<void> {
  const records = (await ledger.listJobs({ tenant: 'museum', limit: 100 })).items;
  const count = (status: JobStatus) => records.filter((record) => record.status === status).length;
  for (const status of jobStatuses) {
    const { items } = await ledger.listJobs({ tenant: 'museum', status, limit: 100 });
    expect(items).toHaveLength(count(status));
  }
  const open = records.filter(({ status }) => status === 'queued' || status === 'running');
  const [backlog] = await ledger.getBacklog();
  expect(await ledger.getUsage('museum')).toMatchObject({ openJobs: open.length });
  expect(backlog?.queuedJobs ?? 0).toBe(count('queued'));
  expect(backlog?.runningJobs ?? 0).toBe(count('running'));
  const average = backlog && backlog.finishedJobs > 0 ? 60 : 60;
  const openSeconds = open.reduce(
    (sum, { audioSeconds, doneSeconds }) =>
      sum + (audioSeconds === undefined ? average : Math.max(0, audioSeconds - doneSeconds)),
    0,
  );
  expect(backlog?.openSeconds ?? 0).toBeCloseTo(openSeconds, 2);
  expect(await redis.zcard(keys.open)).toBe(open.length);
  const failures = (await ledger.getBatch('b1'))?.failures ?? [];
  const failed = records.filter(
    ({ spec: { batch }, status }) => batch && status === 'failed',
  ).length;
  const removed = failures.reduce((sum, { count: n }) => sum + n, 0) - failed;
  expect(removed).toBeGreaterThanOrEqual(0);
}
