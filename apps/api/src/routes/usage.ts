import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { quotaSchema, readQuota } from '../tenant-quota.js';

const usageSchema = z.object({
  tenant: z.string(),
  openJobs: z.number(),
  audioSecondsToday: z.number().meta({ description: 'Since midnight UTC' }),
  quota: quotaSchema,
});

export function registerUsageRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  server.route({
    method: 'GET',
    url: '/v1/usage',
    onRequest: requireScope('read', 'submit'),
    schema: {
      operationId: 'getUsage',
      summary: 'What of its quota the tenant has in use',
      tags: ['fleet'],
      response: { 200: usageSchema, ...errorResponses },
    },
    handler: async ({ principal: { tenant } }) => ({
      tenant,
      ...(await dependencies.ledger.getUsage(tenant)),
      quota: await readQuota(tenant, dependencies),
    }),
  });
}
