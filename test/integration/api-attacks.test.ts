// What one tenant tries on the API against others and against the process: found in review, each held here.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBatchExpander } from '../../apps/api/dist/batches/start-batch-expander.js';
import { type FleetApi, finishJob, startFleetApi } from '../fixtures/fleet-api.js';
import {
  isRedisServerAvailable,
  type RedisServer,
  startRedisServer,
} from '../servers/redis-server.js';

type Answer = {
  id: string;
  status: string;
  output: { name: string };
  counts: Record<string, number>;
  error?: { code: string; field?: string };
};

describe.skipIf(!isRedisServerAvailable())('a tenant', () => {
  let redis: RedisServer;
  let api: FleetApi;
  let shared: string;

  beforeAll(async () => {
    redis = await startRedisServer();
    shared = pathToFileURL(join(redis.dir, 'shared')).href;
    api = await startFleetApi({
      redisUrl: redis.url,
      environment: { STENO_OUTPUT_PREFIXES: shared, STENO_QUOTA_JOBS: '12' },
    });
  });

  afterAll(async () => {
    await api.close();
    await redis.stop();
  });

  async function openTenant(name: string) {
    const authorization = `Bearer ${await api.createKey(name)}`;
    const send = async (method: 'GET' | 'POST', url: string, body?: unknown) => {
      const response = await api.server.inject({
        method,
        url,
        headers: {
          authorization,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      });
      return { status: response.statusCode, body: response.json<Answer>() };
    };
    return { send, submit: (body: unknown) => send('POST', '/v1/jobs', body) };
  }
  const invalid = (field: string) => ({
    status: 400,
    body: { error: { code: 'REQUEST_INVALID', field } },
  });

  it('gets its batch retried as far as its quota goes, and the rest as jobs end', async () => {
    const { send, submit } = await openTenant('retrier');
    const { dependencies } = api;
    const names = Array.from({ length: 14 }, (_, index) => `retry/${index}.wav`);
    const sources = await Promise.all(names.map((name) => api.addRecording(name)));
    const items = sources.slice(0, 3).map((source) => ({ source }));
    const { body } = await send('POST', '/v1/batches', { input: { items } });
    const getCounts = async () => (await send('GET', `/v1/batches/${body.id}`)).body.counts;
    const expander = startBatchExpander(dependencies);
    try {
      await expect.poll(getCounts, { timeout: 20_000 }).toMatchObject({ queued: 3 });
      const page = await dependencies.ledger.listJobs({
        ...{ tenant: 'retrier', batch: body.id, limit: 10 },
      });
      for (const { spec } of page.items) await finishJob(dependencies, spec.id, 'failed');
      const others = await Promise.all(sources.slice(3).map((source) => submit({ source })));
      expect(others.map(({ status }) => status)).toEqual(Array(11).fill(202));
      const retried = await send('POST', `/v1/batches/${body.id}/retry`);
      expect(retried).toMatchObject({ status: 202, body: { counts: { queued: 1, failed: 2 } } });
      for (const { body: other } of others) await send('POST', `/v1/jobs/${other.id}/cancel`);
      await expect.poll(getCounts, { timeout: 30_000 }).toMatchObject({ queued: 3, failed: 0 });
    } finally {
      await expander.close();
    }
  });

  it('is refused half characters wherever JSON is taken', async () => {
    const { send } = await openTenant('halves');
    const source = await api.addRecording('halves.wav');
    const half = String.raw`"\ud800"`;
    const bodies: [string, string][] = [
      ['/v1/jobs', `{"source":"${source}","metadata":{"a":${half}}}`],
      ['/v1/jobs', `{"source":"${source}","metadata":{${half}:"a"}}`],
      ['/v1/jobs', `{"source":"${source}","output":{"name":${half}}}`],
      ['/v1/jobs', String.raw`{"source":"${source}","webhook":{"url":"https://a.example/\ud800"}}`],
      ['/v1/batches', `{"name":${half},"input":{"items":[{"source":"${source}"}]}}`],
      ['/v1/batches', `{"input":{"prefix":"${source}","include":[${half}]}}`],
    ];
    for (const [url, body] of bodies) {
      expect([body, await send('POST', url, body)]).toMatchObject([body, invalid('body')]);
    }
  });

  it('is refused bodies of depth and of numbers that nobody needs, before they are parsed', async () => {
    const { send } = await openTenant('deep');
    const deep = `{"source":"x","z":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    expect(await send('POST', '/v1/jobs', deep)).toMatchObject(invalid('body'));
    const names = Array.from({ length: 60_000 }, (_, index) => `"k${index}":1`).join(',');
    const wide = `{"source":"x","metadata":{${names}}}`;
    const begunAt = performance.now();
    expect(await send('POST', '/v1/jobs', wide)).toMatchObject(invalid('body'));
    expect(performance.now() - begunAt).toBeLessThan(1_000);
    const wider = `{"defaults":{"metadata":{${`${names},`.repeat(9)}"z":1}},"input":{"items":[]}}`;
    expect(await send('POST', '/v1/batches', wider)).toMatchObject(invalid('body'));
  });

  it('may send a list of 10,000 items that say everything', async () => {
    const { send } = await openTenant('lists');
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, 'v']));
    const items = Array.from({ length: 10_000 }, (_, n) => ({
      ...{ source: `https://a.example/${n}`, model: 'demo-en', tier: 'int8', language: 'en' },
      ...{ channels: 'mix', track: 0, formats: ['json', 'srt', 'vtt', 'txt'], partial: true },
      ...{ output: { prefix: shared, name: `n${n}`, overwrite: true }, priority: 'bulk' },
      ...{ metadata, webhook: { url: 'https://a.example' }, idempotencyKey: `i${n}` },
    }));
    const answer = await send('POST', '/v1/batches', { input: { items } });
    expect(answer.status).toBe(202);
    expect((await send('POST', `/v1/batches/${answer.body.id}/cancel`)).status).toBe(202);
  });

  it('is refused a cursor that is none', async () => {
    const { send } = await openTenant('cursors');
    const source = await api.addRecording('cursors.wav');
    const { body } = await send('POST', '/v1/batches', { input: { items: [{ source }] } });
    for (const cursor of ['1.5', '1e300', '-1', 'x', '9'.repeat(25)]) {
      for (const path of [`/v1/batches/${body.id}/jobs`, '/v1/jobs', '/v1/batches']) {
        expect(await send('GET', `${path}?cursor=${cursor}`)).toMatchObject(invalid('cursor'));
      }
    }
  });

  it('has never more open jobs than its quota, not even by cancelling and retrying', async () => {
    const { send, submit } = await openTenant('hoarder');
    const names = Array.from({ length: 30 }, (_, index) => `hoard/${index}.wav`);
    const sources = await Promise.all(names.map((name) => api.addRecording(name)));
    const answers = await Promise.all(sources.map((source) => submit({ source })));
    const taken = answers.filter(({ status }) => status === 202);
    expect(taken).toHaveLength(12);
    for (const { body } of taken) await send('POST', `/v1/jobs/${body.id}/cancel`);
    const rest = sources.filter((_, index) => answers[index]?.status === 429).slice(0, 12);
    const others = await Promise.all(rest.map((source) => submit({ source })));
    expect(others.map(({ status }) => status)).toEqual(Array(12).fill(202));
    const again = await send('POST', `/v1/jobs/${taken[0]?.body.id ?? ''}/retry`);
    expect(again).toMatchObject({ status: 429, body: { error: { code: 'QUOTA_EXCEEDED' } } });
    expect((await send('GET', '/v1/usage')).body).toMatchObject({ openJobs: 12 });
    await send('POST', `/v1/jobs/${others[0]?.body.id ?? ''}/cancel`);
    expect((await send('POST', `/v1/jobs/${taken[0]?.body.id ?? ''}/retry`)).status).toBe(202);
  });

  it('cannot replace what another has published under a prefix that they share', async () => {
    const [museum, evil] = [await openTenant('museum'), await openTenant('evil')];
    const source = await api.addRecording('shared.wav');
    const output = { prefix: shared, name: 'talk' };
    const first = await museum.submit({ source, output });
    expect(first.status).toBe(202);
    await finishJob(api.dependencies, first.body.id);
    const overwrite = { ...output, overwrite: true };
    const conflict = { status: 409, body: { error: { code: 'OUTPUT_CONFLICT' } } };
    expect(await evil.submit({ source, output: overwrite })).toMatchObject(conflict);
    // Its record has left Redis; the manifest says whose it is.
    await api.dependencies.ledger.removeJob(first.body.id);
    const manifest = {
      ...{ schema: 'stenofleet.manifest', version: 1, jobId: first.body.id, tenant: 'museum' },
      ...{ status: 'done', source: { uri: source, name: 'shared.wav' } },
      plan: {
        ...{ model: 'demo-en', tier: 'int8', channels: 'mix', formats: ['json'], partial: false },
      },
      ...{ metadata: {}, files: [], audioSeconds: 1, speechSeconds: 1, words: 0 },
      ...{ computeSeconds: 1, flags: [], gaps: [], attempt: 1, versions: {} },
      ...{ createdAt: new Date().toISOString(), publishedAt: new Date().toISOString() },
    };
    await writeFile(join(fileURLToPath(shared), 'talk.manifest.json'), JSON.stringify(manifest));
    expect(await evil.submit({ source, output: overwrite })).toMatchObject(conflict);
    const own = await museum.submit({ source, output: overwrite, formats: ['txt'] });
    expect(own.status).toBe(202);
  });

  it('cannot give its document the name of another’s manifest', async () => {
    const { submit } = await openTenant('namer');
    const source = await api.addRecording('talk.manifest.wav');
    for (const name of ['talk.manifest', 'talk.MANIFEST']) {
      const answer = await submit({ source, output: { prefix: shared, name } });
      expect(answer).toMatchObject(invalid('output.name'));
    }
    const own = await submit({ source, output: { prefix: shared } });
    expect(own).toMatchObject({ status: 202, body: { output: { name: 'talk_manifest' } } });
  });

  it('is refused a name that no file system takes', async () => {
    const { submit } = await openTenant('long');
    const source = await api.addRecording('long.wav');
    for (const name of ['ä'.repeat(101), 'a\u007f', '\ufdd0']) {
      expect(await submit({ source, output: { name } })).toMatchObject(invalid('output.name'));
    }
  });

  it('keeps a list of few but large items out of the batch’s record', async () => {
    const { send } = await openTenant('large');
    const metadata = { note: 'x'.repeat(500) };
    const items = Array.from({ length: 90 }, (_, index) => ({
      source: `https://a.example/${'x'.repeat(3_000)}/${index}`,
      metadata,
    }));
    const { body } = await send('POST', '/v1/batches', { input: { items } });
    const record = await api.dependencies.ledger.getBatch(body.id);
    expect(record?.request.input).toMatchObject({ format: 'jsonl' });
    await send('POST', `/v1/batches/${body.id}/cancel`);
  });
});
