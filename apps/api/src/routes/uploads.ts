import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { receiveFileForm } from '../receive-form.js';

const uploadSchema = z.object({
  source: z.string().meta({ description: 'What a job or batch names as its source or manifest' }),
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

export function registerUploadRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  server.route({
    method: 'POST',
    url: '/v1/uploads',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'uploadFile',
      summary: 'Send a recording or manifest, to be named by jobs and batches',
      description: 'multipart/form-data with one field, `file`.',
      tags: ['jobs'],
      consumes: ['multipart/form-data'],
      response: { 201: uploadSchema, ...errorResponses },
    },
    handler: async (request, reply) =>
      reply.code(201).send(await receiveFileForm(request, dependencies)),
  });
}
