// The OpenAPI document that the built API serves at /docs/json.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiProcess, callApi, startApi } from '../servers/api-process.js';
import {
  isRedisServerAvailable,
  type RedisServer,
  startRedisServer,
} from '../servers/redis-server.js';

describe.skipIf(!isRedisServerAvailable())('the OpenAPI document', () => {
  let redisServer: RedisServer;
  let api: ApiProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stenofleet-document-'));
    redisServer = await startRedisServer();
    api = await startApi({
      env: { REDIS_URL: redisServer.url, STENO_DATA_DIR: join(folder, 'data') },
    });
  });

  afterAll(async () => {
    await api.stop();
    await redisServer.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is valid, complete and about every route', async () => {
    const { body: document } = await callApi<object>(`${api.url}/docs/json`);
    const { openapi, paths } = document as {
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
    };
    expect(openapi).toBe('3.1.0');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const operationIds: unknown[] = [];
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${method} ${path}`;
        operationIds.push(operation['operationId']);
        expect([where, typeof operation['summary']]).toEqual([where, 'string']);
        const responses = Object.keys(operation['responses'] ?? {});
        expect([where, responses.some((status) => /^[23]/.test(status))]).toEqual([where, true]);
        if (path.startsWith('/v1/'))
          expect([where, responses]).toEqual([where, expect.arrayContaining(['4XX', '5XX'])]);
        const parameters = (operation['parameters'] ?? []) as { name: string; in: string }[];
        const inPath = parameters
          .filter((parameter) => parameter.in === 'path')
          .map(({ name }) => name);
        const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        expect([where, inPath]).toEqual([where, named]);
      }
    }
    expect(new Set(operationIds).size).toBe(operationIds.length);
    expect(operationIds).toEqual(
      expect.arrayContaining(['submitJob', 'listJobs', 'getResult', 'listModels']),
    );
    const schemas: object[] = [];
    collectSchemas(document, schemas);
    expect(schemas.length).toBeGreaterThan(50);
    for (const schema of schemas) expect(() => ajv.compile(schema)).not.toThrow();
    expect(JSON.stringify(document)).not.toContain('"$ref"');
  });

  it('is shown on a page that needs nothing from elsewhere', async () => {
    const page = await callApi<string>(`${api.url}/docs`);
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const script = await callApi<string>(`${api.url}/docs/static/swagger-ui-bundle.js`);
    expect(script.status).toBe(200);
  });
});

/** What stands under `schema`, and JSON Schema below it is checked with it. */
function collectSchemas(value: unknown, found: object[]): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value as Record<string, unknown>)) {
    if (key === 'schema' && typeof part === 'object' && part !== null) found.push(part);
    else collectSchemas(part, found);
  }
}
