import { type BatchView, batchViewSchema } from '@stenofleet/shared/job';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BatchExpander,
  startBatchExpander,
} from '../../apps/api/dist/batches/start-batch-expander.js';
import { submitJob } from '../../apps/api/dist/submit-job.js';
import { ADMIN_KEY, finishJob, type FleetApi, startFleetApi } from '../fixtures/fleet-api.js';
import { type RedisServer, startRedisServer } from '../servers/redis-server.js';

const patience = { timeout: 60_000, interval: 20 };

let redisServer: RedisServer;
let api: FleetApi;
let expander: BatchExpander | undefined;

beforeAll(async () => {
  redisServer = await startRedisServer();
  api = await startFleetApi({ redisUrl: redisServer.url });
});

beforeEach(async () => {
  await expander?.close();
  expander = undefined;
  await api.dependencies.redis.flushall();
});

afterAll(async () => {
  await expander?.close();
  await api.close();
  await redisServer.stop();
});

type Call = {
  url: string;
  key?: string;
  headers?: Record<string, string>;
  payload?: object | string;
};

async function call(
  method: 'GET' | 'POST' | 'DELETE',
  { url, key = ADMIN_KEY, headers, payload }: Call,
) {
  return api.server.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}`, ...headers },
    ...(payload !== undefined && { payload }),
  });
}

async function submit(
  payload: object | string,
  call_: Omit<Call, 'payload' | 'url'> & { query?: string } = {},
) {
  const { query = '', ...rest } = call_;
  const response = await call('POST', { url: `/v1/batches${query}`, payload, ...rest });
  expect(response.json()).toMatchObject({ status: 'expanding' });
  expect(response.statusCode).toBe(202);
  return batchViewSchema.parse(response.json());
}

async function read(id: string): Promise<BatchView> {
  return batchViewSchema.parse((await call('GET', { url: `/v1/batches/${id}` })).json());
}

async function whenRead(id: string): Promise<BatchView> {
  return vi.waitFor(async () => {
    const view = await read(id);
    expect(view.status).not.toBe('expanding');
    return view;
  }, patience);
}

async function listIds(id: string): Promise<string[]> {
  const { redis, keys } = api.dependencies;
  return redis.zrange(keys.batchJobs(id), '0', '-1');
}

async function addRecordings(count: number, folder: string): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${folder}/r${index}.wav`);
  return Promise.all(names.map((name) => api.addRecording(name)));
}

describe('a manifest as body', () => {
  it('accounts for every line, wrong ones with code and line number', async () => {
    expander = startBatchExpander(api.dependencies);
    const sources = await addRecordings(290, 'accounted');
    const lines = sources.map((source) => JSON.stringify({ source }));
    lines[10] = '{"source": ';
    lines[20] = '{"source": "file:///etc/passwd"}';
    lines[30] = '{"source": "file:///nowhere/../x.wav"}';
    lines[40] = JSON.stringify({ source: sources[0], formats: ['docx'] });
    lines[50] = JSON.stringify({ source: sources[51] });
    lines[60] = JSON.stringify({ source: sources[61], tier: 'int1' });
    lines.push(...Array.from({ length: 10 }, () => lines[100] ?? ''));
    const { id } = await submit(lines.join('\n'), {
      query: '?name=accounted&defaults={"priority":"bulk","metadata":{"box":"7"}}',
      headers: { 'content-type': 'application/x-ndjson' },
    });

    const view = await whenRead(id);
    expect(view).toMatchObject({ name: 'accounted', status: 'running', itemsRead: 300 });
    expect(view.counts).toMatchObject({ queued: 284, refused: 5, duplicates: 11 });
    const refused = await api.dependencies.ledger.listRefused(id, { offset: 0, limit: 100 });
    expect(refused.map(({ item, error }) => [item, error.code])).toEqual([
      [11, 'MANIFEST_INVALID'],
      [21, 'SOURCE_FORBIDDEN'],
      [31, 'SOURCE_INVALID'],
      [41, 'REQUEST_INVALID'],
      [61, 'MODEL_UNKNOWN_TIER'],
    ]);
    const [first = ''] = await listIds(id);
    const job = await api.dependencies.ledger.getJob(first);
    expect(job?.spec).toMatchObject({ priority: 'bulk', metadata: { box: '7' }, batch: id });

    const report = (await call('GET', { url: `/v1/batches/${id}/report` })).json<{
      items: { item: number; status: string }[];
    }>();
    expect(report.items.map(({ item }) => item)).toEqual(lines.map((_, index) => index + 1));
    const csv = (await call('GET', { url: `/v1/batches/${id}/report?format=csv` })).body;
    expect(csv.trim().split('\r\n')).toHaveLength(301);
  });

  it('takes CSV, with columns for what differs', async () => {
    expander = startBatchExpander(api.dependencies);
    const [a = '', b = ''] = await addRecordings(2, 'csv');
    const csv = `\ufeffsource,priority,metadata.shelf,formats\r\n${a},urgent,A 1,json;srt\r\n\r\n"${b}",,,\r\n"lone\r\n`;
    const { id } = await submit(csv, { headers: { 'content-type': 'text/csv' } });
    const view = await whenRead(id);
    expect(view.counts).toMatchObject({ queued: 2, refused: 1 });
    const jobs = await api.dependencies.ledger.getJobs(await listIds(id));
    expect(jobs.map((job) => job?.spec.priority)).toEqual(['urgent', 'normal']);
    expect(jobs[0]?.spec).toMatchObject({
      metadata: { shelf: 'A 1' },
      plan: { formats: ['json', 'srt'] },
    });
  });

  it('fails a batch whose manifest cannot be read at all, and says why', async () => {
    expander = startBatchExpander(api.dependencies);
    const { id } = await submit('source,colour\nx,y\n', {
      headers: { 'content-type': 'text/csv' },
    });
    const view = await whenRead(id);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'MANIFEST_INVALID' } });
  });
});

describe('the expander', () => {
  it('goes on where it was stopped: every item once', async () => {
    const sources = await addRecordings(300, 'stopped');
    let created = 0;
    const stopped = new Promise<void>((resolve) => {
      const first = startBatchExpander(api.dependencies, {
        submit: async (...args) => {
          const answer = await submitJob(...args);
          if (answer.created && ++created === 130) void first.close().then(resolve);
          return answer;
        },
      });
    });
    const { id } = await submit({ input: { items: sources.map((source) => ({ source })) } });
    await stopped;
    expect((await read(id)).status).toBe('expanding');
    expander = startBatchExpander(api.dependencies, {
      submit: async (...args) => {
        const answer = await submitJob(...args);
        if (answer.created) created++;
        return answer;
      },
    });
    const view = await whenRead(id);
    expect(view).toMatchObject({ itemsRead: 300, status: 'running' });
    expect(view.counts).toMatchObject({ queued: 300, refused: 0, duplicates: 0 });
    expect(created).toBe(300);
  });

  it('submits nothing twice where a page was submitted and not noted', async () => {
    const sources = await addRecordings(250, 'unnoted');
    const { ledger } = api.dependencies;
    let pages = 0;
    let created = 0;
    expander = startBatchExpander(
      {
        ...api.dependencies,
        ledger: {
          ...ledger,
          advanceBatch: (...args) =>
            ++pages === 2 ? Promise.reject(new Error('killed')) : ledger.advanceBatch(...args),
        },
      },
      {
        submit: async (...args) => {
          const answer = await submitJob(...args);
          if (answer.created) created++;
          return answer;
        },
      },
    );
    const { id } = await submit({ input: { items: sources.map((source) => ({ source })) } });
    const view = await whenRead(id);
    expect(view).toMatchObject({ itemsRead: 250, counts: { queued: 250, duplicates: 0 } });
    expect(created).toBe(250);
    expect(pages).toBe(4);
  });

  it('counts jobs that were there before the batch', async () => {
    expander = startBatchExpander(api.dependencies);
    const sources = await addRecordings(3, 'before');
    const payload = { source: sources[1] };
    const before = (await call('POST', { url: '/v1/jobs', payload })).json<{ id: string }>();
    await finishJob(api.dependencies, before.id);
    const { id } = await submit({ input: { items: sources.map((source) => ({ source })) } });
    const { counts } = await whenRead(id);
    expect(counts).toMatchObject({ queued: 2, done: 1, duplicates: 0, refused: 0 });
    expect(await listIds(id)).toContain(before.id);
  });

  it('waits for a quota and goes on', async () => {
    const key = await api.createKey('small');
    await api.dependencies.redis.hset(
      api.dependencies.keys.tenant('small'),
      'quota',
      JSON.stringify({ maxOpenJobs: 5 }),
    );
    expander = startBatchExpander(api.dependencies);
    const sources = await addRecordings(8, 'quota');
    const { id } = await submit(
      { input: { items: sources.map((source) => ({ source })) } },
      { key },
    );
    const { ledger } = api.dependencies;
    // Items are submitted side by side: which five find room is not said.
    await vi.waitFor(
      async () => expect((await ledger.getBatch(id))?.counts.queued).toBe(5),
      patience,
    );
    for (const job of await listIds(id)) await finishJob(api.dependencies, job);
    await vi.waitFor(async () => {
      const record = await ledger.getBatch(id);
      expect(record).toMatchObject({ itemsRead: 8, status: 'running' });
      expect(record?.counts).toMatchObject({ done: 5, queued: 3, refused: 0 });
    }, patience);
  });

  it('reads a prefix by pages, recordings only, and keeps folders', async () => {
    expander = startBatchExpander(api.dependencies);
    await addRecordings(120, 'archive/1999/a');
    await addRecordings(30, 'archive/2000/b');
    await api.addRecording('archive/2000/notes.txt');
    const prefix = (await api.addRecording('archive/cover.jpg')).replace(/cover\.jpg$/, '');
    const output = `${api.dependencies.storage.url}/results/default/archive`;
    const { id } = await submit({
      input: { prefix, exclude: ['**/r7.wav', '2000/b/r1?.wav'] },
      defaults: { output: { prefix: output } },
    });
    const view = await whenRead(id);
    expect(view.counts).toMatchObject({ queued: 150 - 2 - 10, refused: 0 });
    const [first] = await api.dependencies.ledger.getJobs(await listIds(id));
    expect(first?.spec.output).toMatchObject({ prefix: output, name: '1999/a/r0' });
  });
});

describe('a batch', () => {
  async function submitFive(folder: string): Promise<{ id: string; jobs: string[] }> {
    expander = startBatchExpander(api.dependencies);
    const sources = await addRecordings(5, folder);
    const { id } = await submit({ input: { items: sources.map((source) => ({ source })) } });
    await whenRead(id);
    return { id, jobs: await listIds(id) };
  }

  it('is the same for the same idempotency key, and another use of the key is refused', async () => {
    const [source = ''] = await addRecordings(1, 'keyed');
    const payload = { idempotencyKey: 'k1', input: { items: [{ source }] } };
    const first = await submit(payload);
    const second = await submit(payload);
    expect(second.id).toBe(first.id);
    const other = await call('POST', {
      url: '/v1/batches',
      payload: { ...payload, name: 'other' },
    });
    expect(other.statusCode).toBe(409);
    expect(other.json()).toMatchObject({ error: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('has counts, cost and failures, and retries only what failed', async () => {
    const { id, jobs } = await submitFive('retried');
    for (const job of jobs.slice(0, 3)) await finishJob(api.dependencies, job);
    await finishJob(api.dependencies, jobs[3] ?? '', 'failed');
    await finishJob(api.dependencies, jobs[4] ?? '', 'partial');
    const view = await read(id);
    expect(view).toMatchObject({
      status: 'finished',
      counts: { done: 3, failed: 1, partial: 1 },
      failures: [{ code: 'AUDIO_UNREADABLE', count: 1, examples: [jobs[3]] }],
    });
    expect(view.cpuHoursPerAudioHour).toBeGreaterThan(0);
    const retried = await call('POST', { url: `/v1/batches/${id}/retry`, payload: {} });
    expect(retried.statusCode).toBe(202);
    expect(retried.json()).toMatchObject({
      status: 'running',
      counts: { queued: 1, done: 3, partial: 1 },
    });
    await finishJob(api.dependencies, jobs[3] ?? '');
    const again = await call('POST', {
      url: `/v1/batches/${id}/retry`,
      payload: { partial: true },
    });
    expect(again.json()).toMatchObject({ counts: { queued: 1, done: 4 } });
  });

  it('is cancelled with its jobs and their tickets', async () => {
    const { id } = await submitFive('cancelled');
    const response = await call('POST', { url: `/v1/batches/${id}/cancel` });
    expect(response.statusCode).toBe(202);
    await vi.waitFor(async () => expect((await read(id)).status).toBe('cancelled'), patience);
    expect((await read(id)).counts).toMatchObject({ cancelled: 5, queued: 0 });
    const { queues } = api.dependencies;
    const queue = queues.get(queues.catalogue.jobs('demo-en', 'int8'));
    expect(await queue.getJobCounts('waiting', 'prioritized', 'delayed')).toEqual({
      waiting: 0,
      prioritized: 0,
      delayed: 0,
    });
    expect((await call('DELETE', { url: `/v1/batches/${id}` })).statusCode).toBe(204);
    expect((await call('GET', { url: `/v1/batches/${id}` })).statusCode).toBe(404);
  });

  it('stops being read when it is cancelled', async () => {
    const sources = await addRecordings(300, 'unread');
    let count = 0;
    const id = await new Promise<string>((resolve) => {
      let batch = '';
      expander = startBatchExpander(api.dependencies, {
        submit: async (request, context, dependencies) => {
          if (++count === 120) {
            await call('POST', { url: `/v1/batches/${batch}/cancel` });
            resolve(batch);
          }
          batch = context.batch ?? '';
          return submitJob(request, context, dependencies);
        },
      });
      void submit({ input: { items: sources.map((source) => ({ source })) } });
    });
    await vi.waitFor(async () => {
      const { status, counts } = await read(id);
      expect(status).toBe('cancelled');
      expect(counts.queued).toBe(0);
      expect(counts.cancelled).toBeGreaterThanOrEqual(119);
      expect(counts.cancelled).toBeLessThanOrEqual(200);
    }, patience);
  });

  it('is unknown to other tenants, by every route', async () => {
    const { id } = await submitFive('private');
    const key = await api.createKey('stranger');
    const routes = [
      ['GET', ''],
      ['GET', '/jobs'],
      ['GET', '/report'],
      ['GET', '/events'],
      ['GET', '/deliveries'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
    ] as const;
    for (const [method, path] of routes) {
      const response = await call(method, { url: `/v1/batches/${id}${path}`, key });
      expect([method, path, response.statusCode]).toEqual([method, path, 404]);
    }
    expect((await call('GET', { url: '/v1/batches', key })).json()).toEqual({ items: [] });
    const own = (await call('GET', { url: '/v1/batches' })).json<{ items: BatchView[] }>();
    expect(own.items.map((item) => item.id)).toEqual([id]);
  });

  it('refuses at once what is wrong as a whole', async () => {
    const cases: [object, string, string][] = [
      [{ input: { prefix: 'https://example.org/' } }, 'SOURCE_INVALID', 'input.prefix'],
      [{ input: { prefix: 'file:///etc/' } }, 'SOURCE_FORBIDDEN', 'input.prefix'],
      [
        { input: { manifest: 'http://169.254.169.254/m.csv' } },
        'SOURCE_FORBIDDEN',
        'input.manifest',
      ],
      [
        { input: { manifest: `upload:other/${'a'.repeat(64)}/m.csv` } },
        'SOURCE_NOT_FOUND',
        'input.manifest',
      ],
      [{ input: { items: [] } }, 'REQUEST_INVALID', 'input.items'],
      [
        { input: { items: [{ source: 'x', colour: 1 }] } },
        'REQUEST_INVALID',
        'input.items.0.colour',
      ],
      [
        { input: { items: [{ source: 'x' }] }, webhook: { url: 'http://10.0.0.1/' } },
        'SOURCE_FORBIDDEN',
        'webhook.url',
      ],
      [
        { input: { items: [{ source: 'x' }] }, defaults: { output: { prefix: 's3://other/x' } } },
        'PATH_FORBIDDEN',
        'defaults.output.prefix',
      ],
    ];
    for (const [payload, code, field] of cases) {
      const response = await call('POST', { url: '/v1/batches', payload });
      expect(response.statusCode).toBeLessThan(500);
      expect(response.json()).toMatchObject({ error: { code, field } });
    }
  });
});
