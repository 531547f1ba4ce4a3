import { describe, expect, it } from 'vitest';
import { type ApiServer } from './api-server.js';
import { type Scope, scopes } from './dependencies.js';
import { createKeyStore } from './key-store.js';
import { createServer } from './server.js';
import { submitJob } from './submit-job.js';
import { jobRequestSchema } from '@stenofleet/shared/job';
import { ADMIN_KEY, createFakeDependencies } from './testing/fake-dependencies.js';

const withKeys = { STENO_API_KEYS: 'on', STENO_ADMIN_KEY: ADMIN_KEY };
const loopback = { host: '127.0.0.1:8080' };

type Operation = { method: 'GET' | 'POST' | 'DELETE' | 'PUT'; url: string };

/** Every operation of the OpenAPI document whose path begins so. */
function listOperations(server: ApiServer, prefix: string): Operation[] {
  const { paths = {} } = server.swagger() as { paths?: Record<string, object> };
  return Object.entries(paths)
    .filter(([path]) => path.startsWith(prefix))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase() as Operation['method'],
        url: path.replaceAll(/\{\w+\}/g, 'j0000'),
      })),
    );
}

async function open(environment: Record<string, string> = withKeys) {
  const dependencies = createFakeDependencies({ environment });
  const server = await createServer(dependencies);
  await server.ready();
  const createKey = async (tenant: string, own: Scope[]) =>
    (await createKeyStore(dependencies).create({ tenant, scopes: own, name: '' })).key;
  return { dependencies, server, createKey };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('keys', () => {
  it('lets nobody in without one, at any route but probes and documents', async () => {
    const { server } = await open();
    const operations = [
      ...listOperations(server, '/v1/'),
      { method: 'GET', url: '/metrics' } as const,
    ];
    expect(operations.length).toBeGreaterThanOrEqual(15);
    for (const operation of operations) {
      for (const headers of [
        {},
        bearer('steno_x'),
        bearer(`steno_${'0'.repeat(16)}_${'a'.repeat(43)}`),
      ]) {
        const response = await server.inject({ ...operation, headers });
        expect([operation, response.statusCode]).toEqual([operation, 401]);
        expect(response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
      }
    }
    for (const url of ['/healthz', '/readyz', '/docs/json']) {
      expect((await server.inject({ url })).statusCode).toBe(200);
    }
    await server.close();
  });

  it('asks every route for a scope', async () => {
    const { server, createKey } = await open();
    const keys = Object.fromEntries(
      await Promise.all(
        scopes.map(async (scope) => [scope, await createKey('a', [scope])] as const),
      ),
    );
    for (const operation of listOperations(server, '/v1/')) {
      const answers: Record<string, number> = {};
      for (const scope of ['submit', 'read'] as const) {
        const headers = bearer(keys[scope] ?? '');
        answers[scope] = (await server.inject({ ...operation, headers })).statusCode;
      }
      const isOpenToBoth = ['/v1/models', '/v1/usage'].includes(operation.url);
      expect([operation, Object.values(answers).includes(403)]).toEqual([operation, !isOpenToBoth]);
    }
    const asAdmin = await server.inject({ url: '/v1/hosts', headers: bearer(keys['admin'] ?? '') });
    expect(asAdmin.statusCode).toBe(200);
    await server.close();
  });

  it('shows another tenant’s job to nobody', async () => {
    const { server, dependencies, createKey } = await open();
    const request = jobRequestSchema.parse({ source: 'https://example.org/talk.mp3' });
    const { record } = await submitJob(request, { principal: { tenant: 'a' } }, dependencies);
    const { id } = record.spec;
    const own = bearer(await createKey('a', ['read', 'submit']));
    const other = bearer(await createKey('b', ['read', 'submit', 'admin']));
    expect((await server.inject({ url: `/v1/jobs/${id}`, headers: own })).statusCode).toBe(200);
    const operations = listOperations(server, '/v1/jobs/');
    expect(operations.length).toBeGreaterThanOrEqual(6);
    for (const { method, url } of operations) {
      const response = await server.inject({
        method,
        url: url.replace('j0000', id),
        headers: other,
      });
      expect([method, url, response.statusCode]).toEqual([method, url, 404]);
      const { error } = response.json<{ error: { code: string; message: string } }>();
      expect(error.code).toBe('JOB_NOT_FOUND');
      const never = await server.inject({
        method,
        url: url.replace('j0000', 'jnever'),
        headers: other,
      });
      expect(error.message.replace(id, 'jnever')).toBe(
        never.json<{ error: { message: string } }>().error.message,
      );
    }
    const list = await server.inject({ url: '/v1/jobs', headers: other });
    expect(list.json()).toEqual({ items: [] });
    expect(dependencies.jobs.get(id)?.status).toBe('queued');
    await server.close();
  });

  it('are told once, listed without their secret, and refused once they are deleted', async () => {
    const { server } = await open();
    const headers = bearer(ADMIN_KEY);
    const made = await server.inject({
      method: 'POST',
      url: '/v1/keys',
      headers,
      payload: { tenant: 'a', scopes: ['read'], name: 'reader', quota: { maxOpenJobs: 3 } },
    });
    expect(made.statusCode).toBe(201);
    const { id, key } = made.json<{ id: string; key: string }>();
    const list = await server.inject({ url: '/v1/keys', headers });
    expect(list.json()).toMatchObject({ items: [{ id, tenant: 'a', name: 'reader' }] });
    expect(list.body).not.toContain(key.slice(-20));
    const usage = () => server.inject({ url: '/v1/usage', headers: bearer(key) });
    expect((await usage()).json()).toMatchObject({ tenant: 'a', quota: { maxOpenJobs: 3 } });
    const remove = () => server.inject({ method: 'DELETE', url: `/v1/keys/${id}`, headers });
    expect((await remove()).statusCode).toBe(204);
    expect((await remove()).json()).toMatchObject({ error: { code: 'KEY_NOT_FOUND' } });
    expect((await usage()).statusCode).toBe(401);
    await server.close();
  });

  it('lets an administrator’s browser see the queues, and nobody else', async () => {
    const { server, createKey } = await open();
    const ask = (password: string) =>
      server.inject({
        url: '/queues',
        headers: { authorization: `Basic ${Buffer.from(`any:${password}`).toString('base64')}` },
      });
    expect((await ask(ADMIN_KEY)).statusCode).toBe(200);
    expect((await ask(await createKey('a', ['read', 'submit']))).statusCode).toBe(403);
    const refused = await server.inject({ url: '/queues' });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/^Basic /);
    await server.close();
  });
});

describe('without keys', () => {
  it.each(['evil.example', 'evil.example:8080', '10.0.0.1:8080', '127.0.0.1.nip.io'])(
    'does not answer under the name %s',
    async (host) => {
      const { server } = await open({});
      for (const url of ['/v1/jobs', '/metrics', '/queues']) {
        const response = await server.inject({ url, headers: { host } });
        expect([url, response.statusCode]).toEqual([url, 403]);
      }
      await server.close();
    },
  );

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('takes no orders from a page with %j', async (headers) => {
    const { server, dependencies } = await open({});
    const response = await server.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: { ...loopback, ...headers },
      payload: { source: 'https://example.org/talk.mp3' },
    });
    expect(response.json()).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(dependencies.jobs.size).toBe(0);
    await server.close();
  });

  it('takes orders from its own pages and from programs', async () => {
    const { server } = await open({});
    const own = { origin: 'http://127.0.0.1:8080', 'sec-fetch-site': 'same-origin' };
    for (const headers of [{}, own]) {
      const response = await server.inject({
        method: 'POST',
        url: '/v1/jobs',
        headers: { ...loopback, ...headers },
        payload: { source: 'https://example.org/talk.mp3' },
      });
      expect([200, 202]).toContain(response.statusCode);
    }
    await server.close();
  });
});

describe('errors', () => {
  it('carry the request’s id, and tell nothing of what broke', async () => {
    const { server, dependencies } = await open({});
    dependencies.ledger.getUsage = () => Promise.reject(new Error('secret detail'));
    const response = await server.inject({ url: '/v1/usage', headers: loopback });
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({
      error: { code: 'INTERNAL', requestId: response.headers['x-request-id'] },
    });
    expect(response.body).not.toContain('secret');
    await server.close();
  });

  it('say when to come again', async () => {
    const { server, dependencies } = await open({});
    dependencies.ledger.getUsage = () => Promise.reject(new Error('Command timed out'));
    const response = await server.inject({ url: '/v1/usage', headers: loopback });
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json()).toMatchObject({
      error: { code: 'REDIS_UNAVAILABLE', retryable: true },
    });
    await server.close();
  });
});
