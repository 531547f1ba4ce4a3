import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { errorResponses } from '../error-handler.js';
import { type Metrics } from '../metrics.js';

export function registerMetricsRoute(server: ApiServer, metrics: Metrics): void {
  server.route({
    method: 'GET',
    url: '/metrics',
    // Figures of all tenants together, without names: a scraper needs no more than a key to read.
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getMetrics',
      summary: 'For Prometheus',
      tags: ['health'],
      response: {
        200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
        ...errorResponses,
      },
    },
    handler: async (_request, reply) => {
      const text = await metrics.read();
      return reply
        .type(metrics.contentType)
        .serializer((body: string) => body)
        .send(text);
    },
  });
}
