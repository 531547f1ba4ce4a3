// Recordings sent to the built API: streamed to storage, filed by content, submitted.

import { type JobView } from '@stenofleet/shared/job';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ApiCall, type ApiProcess, callApi, startApi } from '../servers/api-process.js';
import {
  isRedisServerAvailable,
  type RedisServer,
  startRedisServer,
} from '../servers/redis-server.js';

const ADMIN_KEY = 'admin-key-of-the-api-tests';
const MAX_UPLOAD_BYTES = 3_000_000;

describe.skipIf(!isRedisServerAvailable())('uploading', () => {
  let redisServer: RedisServer;
  let api: ApiProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stenofleet-uploads-'));
    redisServer = await startRedisServer();
    api = await startApi({
      env: {
        REDIS_URL: redisServer.url,
        STENO_DATA_DIR: join(folder, 'data'),
        STENO_API_KEYS: 'on',
        STENO_ADMIN_KEY: ADMIN_KEY,
        STENO_API_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
      },
    });
  });

  afterAll(async () => {
    await api.stop();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const call = <Body = JobView>(path: string, { headers, ...options }: ApiCall = {}) =>
    callApi<Body>(`${api.url}${path}`, {
      ...options,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
    });

  const form = (
    content: Buffer | string,
    { name = 'my talk.mp3', options }: { name?: string; options?: unknown } = {},
  ) => {
    const parts = new FormData();
    if (options !== undefined)
      parts.set('options', typeof options === 'string' ? options : JSON.stringify(options));
    parts.set('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
    return parts;
  };
  const listUploads = () => readdir(join(folder, 'data', 'storage', 'uploads', 'default'));

  it('stores a file once, by its content, and submits it', async () => {
    const content = randomBytes(2_000_000);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const options = { formats: ['srt'], metadata: { a: 'b' } };
    const first = await call('/v1/jobs', { form: form(content, { options }) });
    expect(first).toMatchObject({
      status: 202,
      body: {
        source: { uri: `upload:default/${sha256}/my%20talk.mp3`, bytes: content.length },
        formats: ['srt'],
        metadata: { a: 'b' },
        output: { name: 'my talk' },
      },
    });
    const again = await call('/v1/jobs', { form: form(content, { name: 'other.mp3', options }) });
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    expect(await listUploads()).toContain(sha256);
    const stored = await readFile(join(folder, 'data', 'storage', 'uploads', 'default', sha256));
    expect(stored.equals(content)).toBe(true);
  });

  it('takes options that follow the file', async () => {
    const parts = form('after');
    parts.set('options', JSON.stringify({ formats: ['vtt'] }));
    expect(await call('/v1/jobs', { form: parts })).toMatchObject({
      status: 202,
      body: { formats: ['vtt'] },
    });
  });

  it('answers a file alone with the source that jobs may name', async () => {
    const sent = await call<{ source: string }>('/v1/uploads', { form: form('alone') });
    expect(sent.status).toBe(201);
    const body = { source: sent.body.source };
    expect((await call('/v1/jobs', { body })).status).toBe(202);
    const wanted = { tenant: 'thief', scopes: ['submit'] };
    const { key } = (await call<{ key: string }>('/v1/keys', { body: wanted })).body;
    const headers = { authorization: `Bearer ${key}` };
    expect(await call('/v1/jobs', { body, headers })).toMatchObject({
      status: 404,
      body: { error: { code: 'SOURCE_NOT_FOUND' } },
    });
  });

  it.each([
    ['too large', 413, 'REQUEST_TOO_LARGE', () => form(Buffer.alloc(MAX_UPLOAD_BYTES + 1))],
    ['empty', 400, 'REQUEST_INVALID', () => form('')],
    ['with wrong options', 400, 'REQUEST_INVALID', () => form('x', { options: { model: 7 } })],
    ['with options that are no JSON', 400, 'REQUEST_INVALID', () => form('x', { options: '{' })],
    [
      'with a source as well',
      400,
      'REQUEST_INVALID',
      () => form('x', { options: { source: 'file:///x' } }),
    ],
    [
      'with an unknown model',
      400,
      'MODEL_UNKNOWN',
      () => form('x', { options: { model: 'none' } }),
    ],
  ])('refuses a file that is %s', async (_what, status, code, make) => {
    expect(await call('/v1/jobs', { form: make() })).toMatchObject({
      status,
      body: { error: { code } },
    });
    expect((await listUploads()).filter((name) => name.startsWith('incoming'))).toEqual([]);
  });

  it('keeps nothing of a file that breaks off', async () => {
    const { port } = new URL(api.url);
    const head = [
      'POST /v1/uploads HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      `Authorization: Bearer ${ADMIN_KEY}`,
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 1000000',
      '',
      '--b',
      'Content-Disposition: form-data; name="file"; filename="x.mp3"',
      '',
      'the beginning of a recording',
    ];
    const list = async () =>
      (await readdir(join(folder, 'data'), { recursive: true })).filter((name) =>
        /stenofleet-tmp\/.|incoming/.test(name),
      );
    expect(await list()).toEqual([]);
    const socket = connect({ host: '127.0.0.1', port: Number(port) }, () =>
      socket.write(head.join('\r\n')),
    );
    await vi.waitFor(async () => expect(await list()).not.toEqual([]));
    socket.destroy();
    await vi.waitFor(async () => expect(await list()).toEqual([]));
    await vi.waitFor(() => expect(api.log).toContain('the client went away'));
  });
});
