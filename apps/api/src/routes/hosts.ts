import { hostSchema } from '@stenofleet/shared/ledger';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';

export function registerHostRoutes(
  server: ApiServer,
  { hosts }: Pick<ApiDependencies, 'hosts'>,
): void {
  server.route({
    method: 'GET',
    url: '/v1/hosts',
    onRequest: requireScope('admin'),
    schema: {
      operationId: 'listHosts',
      summary: 'Live worker hosts and what they serve (admin)',
      tags: ['fleet'],
      response: { 200: z.object({ items: z.array(hostSchema) }), ...errorResponses },
    },
    handler: async () => ({ items: await hosts.list() }),
  });
}
