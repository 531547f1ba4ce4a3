import { CodedError } from '@stenofleet/shared/errors';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { findOwnBatch } from '../batches/find-own-batch.js';
import { type ApiDependencies, type Principal } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { findOwnJob } from '../find-own-job.js';
import {
  createDeliveryStore,
  type Delivery,
  deliveryStatuses,
  deliveryTrySchema,
} from './delivery-store.js';
import { createWebhookSecrets } from './webhook-secrets.js';
import { addDeliveryAgain } from './webhook-queue.js';

const idParams = z.object({ id: z.string().min(1).max(64) });
const listQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) });

export const deliveryViewSchema = z.object({
  id: z.string(),
  subject: z.string().meta({ description: 'Job or batch' }),
  type: z.string(),
  url: z.string(),
  status: z.enum(deliveryStatuses),
  createdAt: z.string(),
  tries: z.array(deliveryTrySchema),
});
const listResponse = z.object({ items: z.array(deliveryViewSchema) });
const secretSchema = z.object({
  secret: z.string(),
  previousUntil: z
    .string()
    .optional()
    .meta({ description: 'The replaced one signs along till then' }),
});
const tags = ['webhooks'];

export function registerWebhookRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const { config, keys, ledger, now, redis } = dependencies;
  const store = createDeliveryStore(redis, { keys, retentionMs: config.retentionMs });
  const secrets = createWebhookSecrets({ redis, keys, now, seed: config.webhookSecret });

  async function findOwn(id: string, { tenant }: Principal): Promise<Delivery> {
    const delivery = await store.get(id);
    if (delivery?.tenant === tenant) return delivery;
    throw new CodedError('DELIVERY_NOT_FOUND', `There is no delivery "${id}".`, { field: 'id' });
  }
  const listOf = async (subject: string, { limit, tenant }: { limit: number; tenant: string }) => {
    const found = await store.list(subject, limit);
    return { items: found.filter((delivery) => delivery.tenant === tenant).map(toView) };
  };

  server.route({
    method: 'GET',
    url: '/v1/jobs/:id/deliveries',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'listJobDeliveries',
      summary: 'Webhook deliveries of a job, newest first',
      tags,
      params: idParams,
      querystring: listQuery,
      response: { 200: listResponse, ...errorResponses },
    },
    handler: async ({ params, query: { limit }, principal }) => {
      const { spec } = await findOwnJob(params.id, { principal, ledger });
      return listOf(spec.id, { limit, tenant: spec.tenant });
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/batches/:id/deliveries',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'listBatchDeliveries',
      summary: 'Webhook deliveries of a batch, newest first; those of its jobs are with the jobs',
      tags,
      params: idParams,
      querystring: listQuery,
      response: { 200: listResponse, ...errorResponses },
    },
    handler: async ({ params, query: { limit }, principal }) => {
      const { id, tenant } = await findOwnBatch(params.id, { principal, ledger });
      return listOf(id, { limit, tenant });
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/deliveries/:id',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getDelivery',
      summary: 'A webhook delivery with its tries',
      tags,
      params: idParams,
      response: { 200: deliveryViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }) => toView(await findOwn(params.id, principal)),
  });

  server.route({
    method: 'POST',
    url: '/v1/deliveries/:id/redeliver',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'redeliver',
      summary: 'Send it again now, with the same id and body',
      tags,
      params: idParams,
      response: { 202: deliveryViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }, reply) => {
      const { id } = await findOwn(params.id, principal);
      await store.setStatus(id, 'pending');
      await addDeliveryAgain(id, dependencies);
      return reply.code(202).send(toView(await findOwn(id, principal)));
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/webhooks/secret',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'getWebhookSecret',
      summary: 'What this tenant’s webhooks are signed with',
      tags,
      response: { 200: secretSchema, ...errorResponses },
    },
    handler: async ({ principal }, reply) => {
      void reply.header('cache-control', 'no-store');
      return { secret: await secrets.get(principal.tenant) };
    },
  });

  server.route({
    method: 'POST',
    url: '/v1/webhooks/secret/rotate',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'rotateWebhookSecret',
      summary: 'Replace it; for a day both sign',
      tags,
      response: { 200: secretSchema, ...errorResponses },
    },
    handler: async ({ principal }, reply) => {
      void reply.header('cache-control', 'no-store');
      const { secret, previousUntilMs } = await secrets.rotate(principal.tenant);
      return { secret, previousUntil: new Date(previousUntilMs).toISOString() };
    },
  });
}

function toView({ id, subject, type, url, status, createdAtMs, tries }: Delivery) {
  return {
    id,
    subject,
    type,
    url,
    status,
    createdAt: new Date(createdAtMs).toISOString(),
    tries,
  };
}
