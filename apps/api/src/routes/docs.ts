// The OpenAPI document, made of the routes' own schemas, and a page that shows it (offline too).

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { readFileSync } from 'node:fs';
import { type ApiServer } from '../api-server.js';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

type Content = Record<string, { schema: unknown }>;
type Paths = Record<string, Record<string, { requestBody?: { content?: Content } } | undefined>>;

export async function registerDocs(server: ApiServer): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Stenofleet',
        version,
        description:
          'Transcription of recording archives. Errors are `{ "error": { code, message, retryable, field?, details?, requestId } }`; codes are stable (docs/errors.md).',
      },
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'steno_…' } },
      },
      security: [{ key: [] }],
      tags: [
        { name: 'jobs', description: 'One recording each' },
        { name: 'results', description: 'Transcripts and subtitles' },
        { name: 'batches', description: 'Jobs that were submitted together' },
        { name: 'events', description: 'Server-sent events' },
        { name: 'webhooks', description: 'Deliveries' },
        { name: 'fleet', description: 'Models, hosts, quotas' },
        { name: 'keys', description: 'API keys (admin)' },
        { name: 'health', description: 'For probes and Prometheus' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      describeForms(document.openapiObject.paths as Paths);
      return document.openapiObject;
    },
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    uiConfig: { deepLinking: true, persistAuthorization: false },
  });
}

/** Forms are read by hand, not by a schema of their route. */
function describeForms(paths: Paths): void {
  const file = { type: 'string', contentMediaType: 'application/octet-stream' };
  const submit = paths['/v1/jobs']?.['post']?.requestBody?.content;
  if (submit) {
    submit['multipart/form-data'] = {
      schema: {
        type: 'object',
        properties: {
          options: { type: 'string', description: 'The JSON request without source' },
          file,
        },
        required: ['file'],
      },
    };
  }
  const upload = paths['/v1/uploads']?.['post'];
  if (upload) {
    const schema = { type: 'object', properties: { file }, required: ['file'] };
    upload.requestBody = { content: { 'multipart/form-data': { schema } } };
  }
}
