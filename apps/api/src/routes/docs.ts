// The OpenAPI document, made of the routes' own schemas, and a page that shows it (offline too).

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { type FastifySchema } from 'fastify';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { errorResponses } from '../error-handler.js';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

type RouteSchema = Omit<FastifySchema, 'response'> & {
  produces?: readonly string[];
  response?: object;
};
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
    transform: (document) =>
      jsonSchemaTransform({
        ...document,
        schema: describeStreams(document.schema as RouteSchema | undefined) as FastifySchema,
      }),
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

/** What a route streams goes past its schema: its answer is text of the types that it says it produces. */
function describeStreams(schema: RouteSchema | undefined): RouteSchema | undefined {
  const { produces, response = {} } = schema ?? {};
  if (produces === undefined) return schema;
  const statuses = Object.keys(response);
  const text = { schema: z.string() };
  const streamed = {
    description: 'Streamed',
    content: Object.fromEntries(produces.map((type) => [type, text])),
  };
  const isDescribed = statuses.some((status) => status.startsWith('2'));
  const body = { ...(!isDescribed && { 200: streamed }), ...errorResponses, ...response };
  return { ...schema, response: body };
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
