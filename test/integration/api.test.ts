// The built API as a process, on a real Redis and a folder. No worker runs: jobs stay as they were accepted.

import { createLedger } from '@stenofleet/shared/ledger';
import {
  createQueueCatalogue,
  createQueueSet,
  createRedisKeys,
  openRedis,
  type QueueSet,
} from '@stenofleet/shared/queue';
import { type JobRecord, type JobView } from '@stenofleet/shared/job';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiCall, type ApiProcess, callApi, startApi } from '../servers/api-process.js';
import {
  isRedisServerAvailable,
  type RedisServer,
  startRedisServer,
} from '../servers/redis-server.js';

const NAMESPACE = 'steno';
const ADMIN_KEY = 'admin-key-of-the-api-tests';

describe.skipIf(!isRedisServerAvailable())('the API', () => {
  let redisServer: RedisServer;
  let api: ApiProcess;
  let folder: string;
  let sources: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stenofleet-api-'));
    sources = join(folder, 'recordings');
    await mkdir(sources);
    for (const name of ['talk.mp3', 'other.mp3', 'talk.wav']) {
      await writeFile(join(sources, name), `not really ${name}`);
    }
    redisServer = await startRedisServer();
    environment = {
      REDIS_URL: redisServer.url,
      STENO_DATA_DIR: join(folder, 'data'),
      STENO_SOURCE_ROOTS: sources,
      STENO_OUTPUT_PREFIXES: pathToFileURL(join(folder, 'out')).href,
      STENO_API_KEYS: 'on',
      STENO_ADMIN_KEY: ADMIN_KEY,
    };
    api = await startApi({ env: environment });
  });

  afterAll(async () => {
    const code = await api.stop();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });

  const source = (name: string) => pathToFileURL(join(sources, name)).href;

  const call = <Body = JobView>(path: string, { headers, ...options }: ApiCall = {}) =>
    callApi<Body>(`${api.url}${path}`, {
      ...options,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
    });
  const submit = (body: unknown, headers: Record<string, string> = {}) =>
    call('/v1/jobs', { body, headers });
  const createKey = async (wanted: object) => {
    const { body } = await call<{ key: string }>('/v1/keys', { body: wanted });
    return { authorization: `Bearer ${body.key}` };
  };

  /** The fleet's memory as its other processes see it. */
  async function withFleet<T>(
    use: (fleet: { ledger: ReturnType<typeof createLedger>; queues: QueueSet }) => Promise<T>,
  ): Promise<T> {
    const redis = openRedis(redisServer.url);
    const queues = createQueueSet(redis, createQueueCatalogue(NAMESPACE));
    const keys = createRedisKeys(NAMESPACE);
    try {
      return await use({
        ledger: createLedger(redis, { keys, retentionMs: 86_400_000, now: Date.now }),
        queues,
      });
    } finally {
      await queues.close();
      redis.disconnect();
    }
  }

  /** What a worker does to a job: takes it, publishes three files and a manifest, and reports it as done. */
  async function finish(id: string): Promise<Record<string, string>> {
    return withFleet(async ({ ledger, queues }) => {
      const record = await ledger.startAttempt(id, 'test-host');
      if (!record) throw new Error('The job cannot be started.');
      const { spec } = record;
      const base = join(folder, 'data', 'storage', 'results', spec.tenant, id);
      await mkdir(base, { recursive: true });
      const texts: Record<string, string> = {
        json: '{"words":[]}',
        srt: '1\n00:00:00,000',
        txt: 'Hello.',
      };
      const files = Object.entries(texts).map(([format, text]) => ({
        format: format as 'json',
        url: `${spec.output.prefix}/${spec.output.name}.a1.${format}`,
        bytes: Buffer.byteLength(text),
        sha256: createHash('sha256').update(text).digest('hex'),
      }));
      for (const [format, text] of Object.entries(texts)) {
        await writeFile(join(base, `${spec.output.name}.a1.${format}`), text);
      }
      const result = { files, audioSeconds: 5, words: 1, computeSeconds: 1, flags: [], gaps: [] };
      const manifest = {
        schema: 'stenofleet.manifest',
        version: 1,
        jobId: id,
        tenant: spec.tenant,
        status: 'done',
        source: spec.source,
        plan: spec.plan,
        metadata: spec.metadata,
        ...result,
        speechSeconds: 4,
        attempt: record.attempt,
        versions: {},
        createdAt: new Date().toISOString(),
        publishedAt: new Date().toISOString(),
      };
      const manifestName = `${spec.output.name}.manifest.json`;
      await writeFile(join(base, manifestName), JSON.stringify(manifest));
      const manifestUrl = `${spec.output.prefix}/${manifestName}`;
      await ledger.finishAttempt(
        { jobId: id, attempt: record.attempt },
        { status: 'done', result: { ...result, manifestUrl } },
      );
      await queues.removeJob(record, 0);
      return texts;
    });
  }

  const waiting = (record: Pick<JobView, 'id' | 'model' | 'tier'>) =>
    withFleet(({ queues }) =>
      queues.get(queues.catalogue.jobs(record.model, record.tier)).getJob(record.id),
    );

  describe('submitting', () => {
    it('gives the same recording with the same options the same job', async () => {
      const first = await submit({ source: source('talk.mp3'), metadata: { ref: '7' } });
      expect(first.status).toBe(202);
      expect(first.headers.get('location')).toBe(`/v1/jobs/${first.body.id}`);
      expect(first.body).toMatchObject({
        status: 'queued',
        model: 'demo-en',
        tier: 'int8',
        metadata: { ref: '7' },
        output: { name: 'talk' },
        progress: { doneSeconds: 0 },
      });
      const again = await submit({ source: source('talk.mp3') });
      expect([again.status, again.body.id]).toEqual([200, first.body.id]);
      const other = await submit({ source: source('talk.mp3'), formats: ['srt'] });
      expect([other.status, other.body.id === first.body.id]).toEqual([202, false]);
      expect((await call(`/v1/jobs/${first.body.id}`)).body).toEqual(again.body);
      expect(await waiting(first.body)).toBeDefined();
    });

    it('takes a changed recording for another', async () => {
      await writeFile(join(sources, 'changing.mp3'), 'one');
      const first = await submit({ source: source('changing.mp3') });
      await writeFile(join(sources, 'changing.mp3'), 'another');
      const second = await submit({ source: source('changing.mp3') });
      expect(second.body.id).not.toBe(first.body.id);
    });

    it('submits once, however many ask at the same time', async () => {
      const body = { source: source('other.mp3'), formats: ['vtt'] };
      const answers = await Promise.all(Array.from({ length: 8 }, () => submit(body)));
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    });

    it('keeps to an idempotency key, in the body or as a header', async () => {
      const body = { source: source('talk.mp3') };
      const first = await submit({ ...body, idempotencyKey: 'k1' });
      const again = await submit(body, { 'idempotency-key': 'k1' });
      expect([first.status, again.status, again.body.id]).toEqual([202, 200, first.body.id]);
      const reused = await submit({ ...body, formats: ['txt'] }, { 'idempotency-key': 'k1' });
      expect(reused).toMatchObject({
        status: 409,
        body: { error: { code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey' } },
      });
    });

    it('publishes beside, not over, another job of the same name', async () => {
      const output = { prefix: environment['STENO_OUTPUT_PREFIXES'] };
      const first = await submit({ source: source('talk.mp3'), output });
      const second = await submit({ source: source('talk.wav'), output });
      expect([first.body.output.name, second.body.output.name]).toEqual(['talk', 'talk.wav']);
      const named = { ...output, name: 'talk' };
      const third = await submit({ source: source('other.mp3'), output: named });
      expect(third).toMatchObject({ status: 409, body: { error: { code: 'OUTPUT_CONFLICT' } } });
    });

    it('has the job in the queue when the API is killed right after 202', async () => {
      const victim = await startApi({ env: environment });
      const response = await fetch(`${victim.url}/v1/jobs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ source: source('talk.mp3'), metadata: {}, formats: ['json'] }),
      });
      await victim.kill();
      expect(response.status).toBe(202);
      const id = response.headers.get('location')?.split('/').at(-1) ?? '';
      const { body } = await call(`/v1/jobs/${id}`);
      expect(body.status).toBe('queued');
      expect(await waiting(body)).toBeDefined();
    });
  });

  describe('tenants', () => {
    it('see and touch only what is theirs', async () => {
      const a = await createKey({ tenant: 'tenant-a', scopes: ['submit', 'read'] });
      const b = await createKey({ tenant: 'tenant-b', scopes: ['submit', 'read'] });
      const mine = await submit({ source: source('talk.mp3') }, a);
      const theirs = await submit({ source: source('talk.mp3') }, b);
      expect([mine.status, theirs.status]).toEqual([202, 202]);
      expect(mine.body.id).not.toBe(theirs.body.id);
      const { id } = mine.body;
      for (const [method, path] of [
        ['GET', `/v1/jobs/${id}`],
        ['GET', `/v1/jobs/${id}/result`],
        ['GET', `/v1/jobs/${id}/manifest`],
        ['POST', `/v1/jobs/${id}/cancel`],
        ['POST', `/v1/jobs/${id}/retry`],
        ['DELETE', `/v1/jobs/${id}`],
      ] as const) {
        const answer = await call(path, { method, headers: b });
        expect([path, answer.status]).toEqual([path, 404]);
      }
      const list = await call<{ items: JobView[] }>('/v1/jobs', { headers: b });
      expect(list.body.items.map((job) => job.id)).toEqual([theirs.body.id]);
      expect((await call(`/v1/jobs/${id}`, { headers: a })).body.status).toBe('queued');
    });

    it('have a quota of open jobs', async () => {
      const quota = { maxOpenJobs: 1 };
      const headers = await createKey({ tenant: 'small', scopes: ['submit', 'read'], quota });
      const first = await submit({ source: source('talk.mp3') }, headers);
      expect(first.status).toBe(202);
      const refused = await submit({ source: source('other.mp3') }, headers);
      expect(refused).toMatchObject({
        status: 429,
        body: { error: { code: 'QUOTA_EXCEEDED', retryable: true } },
      });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await call('/v1/usage', { headers })).body).toMatchObject({ openJobs: 1, quota });
      expect(
        (await call(`/v1/jobs/${first.body.id}/cancel`, { method: 'POST', headers })).status,
      ).toBe(200);
      expect((await submit({ source: source('other.mp3') }, headers)).status).toBe(202);
    });
  });

  describe('a job', () => {
    it('is cancelled, tried again, and deleted', async () => {
      const { body } = await submit({ source: source('talk.mp3'), idempotencyKey: 'life' });
      const act = (action: string) => call(`/v1/jobs/${body.id}/${action}`, { method: 'POST' });
      expect(await act('retry')).toMatchObject({
        status: 409,
        body: { error: { code: 'JOB_STATE_CONFLICT' } },
      });
      expect((await call(`/v1/jobs/${body.id}`, { method: 'DELETE' })).status).toBe(409);
      expect(await act('cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
      expect(await waiting(body)).toBeUndefined();
      expect(await act('cancel')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
      expect(await act('retry')).toMatchObject({ status: 202, body: { status: 'queued' } });
      expect(await waiting(body)).toBeDefined();
      await act('cancel');
      expect((await call(`/v1/jobs/${body.id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await call(`/v1/jobs/${body.id}`)).status).toBe(404);
    });

    it('gives its result whole, in part, by ETag, and nothing after it was deleted', async () => {
      const request = { source: source('talk.mp3'), formats: ['json', 'srt', 'txt'] };
      const { body } = await submit(request);
      const path = `/v1/jobs/${body.id}`;
      const early = await call(`${path}/result`);
      expect(early).toMatchObject({ status: 404, body: { error: { code: 'RESULT_NOT_FOUND' } } });
      const texts = await finish(body.id);

      const whole = await call<string>(`${path}/result?format=srt`);
      expect([whole.status, whole.body]).toEqual([200, texts['srt']]);
      expect(whole.headers.get('content-type')).toMatch(/^application\/x-subrip/);
      expect(whole.headers.get('content-disposition')).toBe(
        `attachment; filename="talk.a1.srt"; filename*=UTF-8''talk.a1.srt`,
      );
      expect((await call(`${path}/result`)).body).toEqual({ words: [] });
      const part = await call<string>(`${path}/result?format=txt`, {
        headers: { range: 'bytes=1-3' },
      });
      expect([part.status, part.body]).toEqual([206, 'ell']);
      expect(part.headers.get('content-range')).toBe('bytes 1-3/6');
      const etag = whole.headers.get('etag') ?? '';
      const same = await call(`${path}/result?format=srt`, { headers: { 'if-none-match': etag } });
      expect(same.status).toBe(304);
      const beyond = await call(`${path}/result?format=txt`, { headers: { range: 'bytes=9-' } });
      expect(beyond.status).toBe(416);
      expect((await call(`${path}/result?format=txt&redirect=true`)).status).toBe(200);
      expect((await call(`${path}/result?format=vtt`)).status).toBe(404);
      expect((await call(`${path}/manifest`)).body).toMatchObject({ jobId: body.id, words: 1 });

      await withFleet(({ ledger }) => ledger.removeJob(body.id));
      const restored = await submit(request);
      expect(restored).toMatchObject({
        status: 200,
        body: { id: body.id, status: 'done', result: { words: 1 } },
      });
      expect((await call(`${path}?outputs=true`, { method: 'DELETE' })).status).toBe(204);
      const left = await readdir(join(folder, 'data', 'storage', 'results', 'default')).catch(
        () => [],
      );
      expect(left).not.toContain(body.id);
      expect((await submit(request)).status).toBe(202);
    });

    it('is found in a list, page by page', async () => {
      const headers = await createKey({ tenant: 'lister', scopes: ['submit', 'read'] });
      for (const format of ['json', 'srt', 'vtt', 'txt']) {
        await submit({ source: source('talk.mp3'), formats: [format] }, headers);
      }
      const ids: string[] = [];
      let cursor = '';
      do {
        const { body } = await call<{ items: JobRecord['spec'][]; next?: string }>(
          `/v1/jobs?limit=3&status=queued${cursor}`,
          { headers },
        );
        ids.push(...body.items.map(({ id }) => id));
        cursor = body.next === undefined ? '' : `&cursor=${encodeURIComponent(body.next)}`;
      } while (cursor !== '');
      expect(new Set(ids).size).toBe(4);
      expect(ids).toHaveLength(4);
      const done = await call<{ items: unknown[] }>('/v1/jobs?status=done', { headers });
      expect(done.body.items).toEqual([]);
    });
  });
});
