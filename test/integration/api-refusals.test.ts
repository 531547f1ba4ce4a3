// What the built API refuses: always with a code, a sentence and the field, never with a stack.

import { type JobView } from '@stenofleet/shared/job';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
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

type WireError = { code: string; message: string; retryable: boolean; field?: string };
type ErrorBody = { error: WireError & { requestId: string } };

describe.skipIf(!isRedisServerAvailable())('the API refuses', () => {
  let redisServer: RedisServer;
  let api: ApiProcess;
  let folder: string;
  let good: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stenofleet-refusals-'));
    await mkdir(join(folder, 'recordings'));
    await writeFile(join(folder, 'recordings', 'talk.mp3'), 'x');
    await writeFile(join(folder, 'secret.mp3'), 'x');
    await symlink(join(folder, 'secret.mp3'), join(folder, 'recordings', 'link.mp3'));
    good = pathToFileURL(join(folder, 'recordings', 'talk.mp3')).href;
    redisServer = await startRedisServer();
    api = await startApi({
      env: {
        REDIS_URL: redisServer.url,
        STENO_DATA_DIR: join(folder, 'data'),
        STENO_SOURCE_ROOTS: join(folder, 'recordings'),
        STENO_OUTPUT_PREFIXES: pathToFileURL(join(folder, 'out')).href,
      },
    });
  });

  afterAll(async () => {
    await api.stop();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const call = <Body = ErrorBody>(path: string, options?: ApiCall) =>
    callApi<Body>(`${api.url}${path}`, options);

  function expectRefusal(
    answer: { status: number; text: string; body: ErrorBody },
    [status, code, field]: readonly [number, string, string?],
  ): void {
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.error.field).toBe(field);
    expect(answer.body.error.message).toMatch(/^\S.{8,}[.!]$/s);
    expect(answer.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.text).not.toMatch(/node_modules|\.js:\d|\n\s+at /);
  }

  const here = () => pathToFileURL(folder).href;
  const invalid = (field: string) => [400, 'REQUEST_INVALID', field] as const;
  /** JSON bodies of POST /v1/jobs. */
  const bodies: [string, () => unknown, readonly [number, string, string?]][] = [
    ['no body', () => '', invalid('body')],
    ['broken JSON', () => '{"source":', invalid('body')],
    ['a prototype in JSON', () => '{"source":"x","__proto__":{"a":1}}', invalid('body')],
    ['a list', () => [], invalid('body')],
    ['null', () => 'null', invalid('body')],
    ['nothing', () => ({}), invalid('source')],
    ['an empty source', () => ({ source: '' }), invalid('source')],
    ['a source that is a number', () => ({ source: 7 }), invalid('source')],
    [
      'a source of 5,000 characters',
      () => ({ source: `https://a.example/${'x'.repeat(5000)}` }),
      invalid('source'),
    ],
    ['an unknown field', () => ({ source: good, modle: 'x' }), invalid('modle')],
    ['an unknown format', () => ({ source: good, formats: ['doc'] }), invalid('formats.0')],
    ['no formats', () => ({ source: good, formats: [] }), invalid('formats')],
    [
      'a language that is none',
      () => ({ source: good, language: 'english!' }),
      invalid('language'),
    ],
    [
      'a language the model does not know',
      () => ({ source: good, language: 'de' }),
      [400, 'LANGUAGE_UNSUPPORTED', 'language'],
    ],
    ['a model that is a path', () => ({ source: good, model: '../x' }), invalid('model')],
    ['an unknown model', () => ({ source: good, model: 'none' }), [400, 'MODEL_UNKNOWN', 'model']],
    [
      'an unknown tier',
      () => ({ source: good, tier: 'none' }),
      [400, 'MODEL_UNKNOWN_TIER', 'tier'],
    ],
    ['unknown channels', () => ({ source: good, channels: 'left' }), invalid('channels')],
    ['a negative track', () => ({ source: good, track: -1 }), invalid('track')],
    ['an unknown priority', () => ({ source: good, priority: 'asap' }), invalid('priority')],
    ['partial that is a word', () => ({ source: good, partial: 'yes' }), invalid('partial')],
    [
      'metadata that is no text',
      () => ({ source: good, metadata: { a: 1 } }),
      invalid('metadata.a'),
    ],
    [
      'too much metadata',
      () => ({
        source: good,
        metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])),
      }),
      invalid('metadata'),
    ],
    [
      'a webhook that is no address',
      () => ({ source: good, webhook: { url: 'x' } }),
      invalid('webhook.url'),
    ],
    [
      'a webhook by ftp',
      () => ({ source: good, webhook: { url: 'ftp://a.example' } }),
      invalid('webhook.url'),
    ],
    [
      'a webhook to this machine',
      () => ({ source: good, webhook: { url: 'http://127.0.0.1:9/x' } }),
      invalid('webhook.url'),
    ],
    [
      'an empty idempotency key',
      () => ({ source: good, idempotencyKey: '' }),
      invalid('idempotencyKey'),
    ],
    [
      'an output name with a folder',
      () => ({ source: good, output: { name: 'a/b' } }),
      invalid('output.name'),
    ],
    [
      'a hidden output name',
      () => ({ source: good, output: { name: '.x' } }),
      invalid('output.name'),
    ],
    [
      'an output prefix outside',
      () => ({ source: good, output: { prefix: 'file:///etc' } }),
      [403, 'PATH_FORBIDDEN', 'output.prefix'],
    ],
    [
      'an output prefix that climbs out',
      () => ({ source: good, output: { prefix: `${here()}/out/../x` } }),
      [403, 'PATH_FORBIDDEN', 'output.prefix'],
    ],
    [
      'another bucket',
      () => ({ source: good, output: { prefix: 's3://other/x' } }),
      [403, 'PATH_FORBIDDEN', 'output.prefix'],
    ],
    [
      'a source that is no address',
      () => ({ source: 'talk.mp3' }),
      [400, 'SOURCE_INVALID', 'source'],
    ],
    [
      'a source of another scheme',
      () => ({ source: 'gopher://a.example/x' }),
      [400, 'SOURCE_INVALID', 'source'],
    ],
    [
      'a password in a source',
      () => ({ source: 'https://me:secret@a.example/x' }),
      [400, 'SOURCE_INVALID', 'source'],
    ],
    [
      'a file outside the roots',
      () => ({ source: `${here()}/secret.mp3` }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'a file that climbs out',
      () => ({ source: `${here()}/recordings/../secret.mp3` }),
      [400, 'SOURCE_INVALID', 'source'],
    ],
    [
      'a link that leads out',
      () => ({ source: `${here()}/recordings/link.mp3` }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'a file that is not there',
      () => ({ source: `${here()}/recordings/none.mp3` }),
      [404, 'SOURCE_NOT_FOUND', 'source'],
    ],
    [
      'a private address',
      () => ({ source: 'http://10.0.0.1/x.mp3' }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'the metadata service',
      () => ({ source: 'http://169.254.169.254/latest/meta-data' }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'the API itself',
      () => ({ source: `${api.url}/healthz` }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'a bucket that is not configured',
      () => ({ source: 's3://other/x.mp3' }),
      [403, 'SOURCE_FORBIDDEN', 'source'],
    ],
    [
      'an upload of somebody else',
      () => ({ source: `upload:other/${'0'.repeat(64)}/x.mp3` }),
      [404, 'SOURCE_NOT_FOUND', 'source'],
    ],
    [
      'an upload that never was',
      () => ({ source: `upload:default/${'0'.repeat(64)}/x.mp3` }),
      [404, 'SOURCE_NOT_FOUND', 'source'],
    ],
    [
      'a body of 2 MB',
      () => ({ source: 'x'.repeat(2_000_000) }),
      [413, 'REQUEST_TOO_LARGE', 'body'],
    ],
  ];
  it.each(bodies)('%s as a job', async (_name, make, expected) => {
    expectRefusal(await call('/v1/jobs', { body: make(), method: 'POST' }), expected);
  });

  const requests: [string, string, ApiCall, readonly [number, string, string?]][] = [
    ['an unknown route', '/v1/nothing', {}, [404, 'ROUTE_UNKNOWN']],
    ['an unknown method', '/v1/jobs', { method: 'PATCH' }, [404, 'ROUTE_UNKNOWN']],
    ['a broken path', '/v1/jobs/%zz', {}, invalid('path')],
    ['an id that is too long', `/v1/jobs/${'j'.repeat(100)}`, {}, invalid('id')],
    ['an unknown job', '/v1/jobs/jnone', {}, [404, 'JOB_NOT_FOUND', 'id']],
    [
      'cancelling an unknown job',
      '/v1/jobs/jnone/cancel',
      { method: 'POST' },
      [404, 'JOB_NOT_FOUND', 'id'],
    ],
    [
      'deleting an unknown job',
      '/v1/jobs/jnone',
      { method: 'DELETE' },
      [404, 'JOB_NOT_FOUND', 'id'],
    ],
    ['a flag that is none', '/v1/jobs/jnone?outputs=1', { method: 'DELETE' }, invalid('outputs')],
    ['a limit of 0', '/v1/jobs?limit=0', {}, invalid('limit')],
    ['a limit that is a word', '/v1/jobs?limit=all', {}, invalid('limit')],
    ['an unknown status', '/v1/jobs?status=odd', {}, invalid('status')],
    ['an unknown filter', '/v1/jobs?state=done', {}, invalid('state')],
    ['a filter given twice', '/v1/jobs?status=done&status=failed', {}, invalid('status')],
    ['an unknown batch', '/v1/jobs?batch=bnone', {}, [404, 'BATCH_NOT_FOUND', 'batch']],
    ['an unknown result format', '/v1/jobs/jnone/result?format=doc', {}, invalid('format')],
    [
      'text as a body',
      '/v1/jobs',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      invalid('body'),
    ],
    [
      'a form as a body',
      '/v1/jobs',
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      invalid('body'),
    ],
    [
      'a multipart form without a boundary',
      '/v1/jobs',
      { body: 'x', headers: { 'content-type': 'multipart/form-data' } },
      invalid('body'),
    ],
    [
      'a multipart form without a file',
      '/v1/jobs',
      { body: '--b--\r\n', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
      invalid('file'),
    ],
    ['an upload that is no form', '/v1/uploads', { body: {} }, invalid('body')],
    [
      'an idempotency key that is too long',
      '/v1/jobs',
      { body: { source: 'https://a.example/x' }, headers: { 'idempotency-key': 'k'.repeat(300) } },
      invalid('idempotency-key'),
    ],
    ['a key without scopes', '/v1/keys', { body: { tenant: 'a', scopes: [] } }, invalid('scopes')],
    [
      'a tenant that is a path',
      '/v1/keys',
      { body: { tenant: '../a', scopes: ['read'] } },
      invalid('tenant'),
    ],
    ['an unknown key', '/v1/keys/none', { method: 'DELETE' }, [404, 'KEY_NOT_FOUND', 'id']],
    [
      'a page of another site',
      '/v1/jobs',
      { body: {}, headers: { origin: 'https://evil.example' } },
      [403, 'FORBIDDEN'],
    ],
  ];
  it.each(requests)('%s', async (_name, path, options, expected) => {
    expectRefusal(await call(path, options), expected);
  });

  it('two idempotency keys', async () => {
    const body = { source: good, idempotencyKey: 'a' };
    const answer = await call('/v1/jobs', { body, headers: { 'idempotency-key': 'b' } });
    expectRefusal(answer, invalid('idempotencyKey'));
  });

  it('another name of this machine', async () => {
    const status = await new Promise((resolve, reject) => {
      httpRequest(`${api.url}/v1/jobs`, { headers: { host: 'rebound.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('what is no HTTP', async () => {
    const { port } = new URL(api.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) }, () =>
        socket.write('NONSENSE\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (data) => (text += data.toString()));
      socket.once('error', reject);
      socket.once('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"REQUEST_INVALID"');
  });

  it('and still works afterwards, with no secret in its log', async () => {
    const { status } = await call<JobView>('/v1/jobs?token=do-not-log', {
      body: { source: good },
    }).catch(() => ({ status: 0 }));
    expect([200, 202, 400]).toContain(status);
    expect((await call<{ status: string }>('/readyz')).body.status).toBe('ready');
    for (const secret of ['do-not-log', 'me:secret', '"stack"'])
      expect(api.log).not.toContain(secret);
  });

  it('with 503 and Retry-After while Redis is away, and goes on when it is back', async () => {
    await redisServer.kill();
    const ready = await call<{ redis: string }>('/readyz');
    expect([ready.status, ready.body.redis]).toEqual([503, 'unavailable']);
    expect((await call('/healthz')).status).toBe(200);
    const answer = await call('/v1/jobs', { body: { source: good, formats: ['json'] } });
    expectRefusal(answer, [503, 'REDIS_UNAVAILABLE']);
    expect(answer.headers.get('retry-after')).toBe('5');
    await redisServer.restart();
    const again = await call<JobView>('/v1/jobs', { body: { source: good, formats: ['json'] } });
    expect([200, 202]).toContain(again.status);
  });
});
