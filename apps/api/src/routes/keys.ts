import { CodedError } from '@stenofleet/shared/errors';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies, scopes } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { type ApiKey, createKeyStore } from '../key-store.js';
import { quotaSchema, writeQuota } from '../tenant-quota.js';

const keyRequest = z.strictObject({
  tenant: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'lower-case letters, digits and dashes'),
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(scopes.length)
    .meta({ description: '`admin` includes the others and is for the operators of the fleet' }),
  name: z.string().max(200).default('').meta({ description: 'Who or what it is for' }),
  quota: quotaSchema
    .optional()
    .meta({ description: 'Of the tenant, all its keys together; replaces what it had.' }),
});
const keyView = z.object({
  id: z.string(),
  tenant: z.string(),
  scopes: z.array(z.enum(scopes)),
  name: z.string(),
  createdAt: z.string(),
});
const tags = ['keys'];

export function registerKeyRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const store = createKeyStore(dependencies);
  const onRequest = requireScope('admin');

  server.route({
    method: 'POST',
    url: '/v1/keys',
    onRequest,
    schema: {
      operationId: 'createKey',
      summary: 'Make a key (admin); it is told once',
      tags,
      body: keyRequest,
      response: { 201: keyView.extend({ key: z.string() }), ...errorResponses },
    },
    handler: async ({ body }, reply) => {
      const { quota, tenant, name } = body;
      if (quota !== undefined) await writeQuota(tenant, { quota, ...dependencies });
      const wanted = [...new Set(body.scopes)];
      const { key, record } = await store.create({ tenant, name, scopes: wanted });
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...toView(record), key });
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/keys',
    onRequest,
    schema: {
      operationId: 'listKeys',
      summary: 'Keys without their secrets (admin)',
      tags,
      response: { 200: z.object({ items: z.array(keyView) }), ...errorResponses },
    },
    handler: async () => ({ items: (await store.list()).map(toView) }),
  });

  server.route({
    method: 'DELETE',
    url: '/v1/keys/:id',
    onRequest,
    schema: {
      operationId: 'deleteKey',
      summary: 'Revoke a key (admin); it is refused from the next request on',
      tags,
      params: z.object({ id: z.string().min(1).max(64) }),
      response: { 204: z.undefined(), ...errorResponses },
    },
    handler: async ({ params: { id } }, reply) => {
      if (!(await store.remove(id))) {
        throw new CodedError('KEY_NOT_FOUND', `There is no key "${id}".`, { field: 'id' });
      }
      return reply.code(204).send();
    },
  });
}

function toView({ id, tenant, scopes: own, name, createdAtMs }: ApiKey): z.infer<typeof keyView> {
  return { id, tenant, scopes: own, name, createdAt: new Date(createdAtMs).toISOString() };
}
