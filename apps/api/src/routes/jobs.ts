import { CodedError } from '@stenofleet/shared/errors';
import {
  type JobRequest,
  jobRequestSchema,
  jobStatusSchema,
  jobViewSchema,
  toJobView,
} from '@stenofleet/shared/job';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { cancelJob, deleteJob, retryJob } from '../change-job.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { findOwnJob } from '../find-own-job.js';
import { receiveJobForm } from '../receive-form.js';
import { submitJob } from '../submit-job.js';
import { submitHeaders, withHeaderKey } from './idempotency-header.js';
import { pageQuery, pageSchema, toPageView } from './list-page.js';

export const jobParams = z.object({
  id: z.string().min(1).max(64).meta({ example: 'j0123456789abcdefghjk' }),
});
const listQuery = z.strictObject({
  status: jobStatusSchema.optional(),
  batch: z.string().min(1).max(64).optional(),
  ...pageQuery,
});
const deleteQuery = z.strictObject({
  outputs: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Also what it published' }),
});
const tags = ['jobs'];

export function registerJobRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const { ledger, now } = dependencies;

  server.route({
    method: 'POST',
    url: '/v1/jobs',
    onRequest: requireScope('submit'),
    // A form becomes the JSON request it stands for, its file an upload that the request names as source.
    preValidation: async (request) => {
      if (request.isMultipart()) {
        // The schema looks at it next.
        request.body = (await receiveJobForm(request, dependencies)) as JobRequest;
      }
    },
    schema: {
      operationId: 'submitJob',
      summary: 'Submit a recording',
      description:
        'Answers 202 when the job is recorded and queued, 200 when the same recording with the same options has one. As multipart/form-data: `options` (this JSON without source) and `file`.',
      tags,
      consumes: ['application/json', 'multipart/form-data'],
      headers: submitHeaders,
      body: jobRequestSchema,
      response: { 200: jobViewSchema, 202: jobViewSchema, ...errorResponses },
    },
    handler: async (request, reply) => {
      const wanted = withHeaderKey(request.body, request.headers);
      const context = { principal: request.principal };
      const { record, created } = await submitJob(wanted, context, dependencies);
      return reply
        .code(created ? 202 : 200)
        .header('location', `/v1/jobs/${record.spec.id}`)
        .send(toJobView(record, now()));
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/jobs',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'listJobs',
      summary: 'List jobs, newest first; those of a batch in the order of its items',
      tags,
      querystring: listQuery,
      response: {
        200: pageSchema(jobViewSchema),
        ...errorResponses,
      },
    },
    handler: async (request) => {
      const { status, batch, cursor, limit } = request.query;
      const { tenant } = request.principal;
      if (batch !== undefined && (await ledger.getBatch(batch))?.tenant !== tenant) {
        throw new CodedError('BATCH_NOT_FOUND', `There is no batch "${batch}".`, {
          field: 'batch',
        });
      }
      const page = await ledger.listJobs({
        tenant,
        limit,
        ...(status !== undefined && { status }),
        ...(batch !== undefined && { batch }),
        ...(cursor !== undefined && { cursor }),
      });
      return toPageView(page, (record) => toJobView(record, now()));
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/jobs/:id',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getJob',
      summary: 'State, progress and result of a job',
      tags,
      params: jobParams,
      response: { 200: jobViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }) =>
      toJobView(await findOwnJob(params.id, { principal, ledger }), now()),
  });

  server.route({
    method: 'POST',
    url: '/v1/jobs/:id/cancel',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'cancelJob',
      summary: 'Cancel what is queued or running',
      tags,
      params: jobParams,
      response: { 200: jobViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }) => {
      const record = await findOwnJob(params.id, { principal, ledger });
      return toJobView(await cancelJob(record, dependencies), now());
    },
  });

  server.route({
    method: 'POST',
    url: '/v1/jobs/:id/retry',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'retryJob',
      summary: 'Try what failed, was cancelled or has gaps again; finished chunks are kept',
      tags,
      params: jobParams,
      response: { 202: jobViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }, reply) => {
      const record = await findOwnJob(params.id, { principal, ledger });
      return reply.code(202).send(toJobView(await retryJob(record, dependencies), now()));
    },
  });

  server.route({
    method: 'DELETE',
    url: '/v1/jobs/:id',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'deleteJob',
      summary: 'Forget a final job',
      tags,
      params: jobParams,
      querystring: deleteQuery,
      response: { 204: z.undefined(), ...errorResponses },
    },
    handler: async ({ params, query, principal }, reply) => {
      const record = await findOwnJob(params.id, { principal, ledger });
      await deleteJob(record, { outputs: query.outputs === 'true', dependencies });
      return reply.code(204).send();
    },
  });
}
