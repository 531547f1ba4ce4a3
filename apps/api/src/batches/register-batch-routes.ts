import { CodedError } from '@stenofleet/shared/errors';
import {
  type BatchRecord,
  batchRequestSchema,
  batchViewSchema,
  jobStatusSchema,
  jobViewSchema,
  toJobView,
} from '@stenofleet/shared/job';
import { type FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { submitHeaders, withHeaderKey } from '../routes/idempotency-header.js';
import { pageQuery, pageSchema, toPageView } from '../routes/list-page.js';
import { addBatchTicket, type BatchWork } from './batch-tickets.js';
import { toBatchView } from './batch-view.js';
import { findOwnBatch } from './find-own-batch.js';
import { manifestTypes, receiveManifest } from './receive-manifest.js';
import { submitBatch } from './submit-batch.js';
import { SWEEP_PAGE, sweepPage } from './sweep-jobs.js';
import { readReportRows, writeCsvReport, writeJsonReport } from './write-report.js';

/** Of a list of 10,000 items with long addresses. */
const BODY_LIMIT_BYTES = 32 * 2 ** 20;

const batchParams = z.object({
  id: z.string().min(1).max(64).meta({ example: 'b0123456789abcdefghjk' }),
});
const retryBody = z
  .strictObject({
    partial: z.boolean().default(false).meta({ description: 'Also what was published with gaps' }),
  })
  .nullish();
const reportQuery = z.strictObject({ format: z.enum(['json', 'csv']).optional() });
const tags = ['batches'];

export function registerBatchRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const { ledger, now } = dependencies;
  const toView = (record: BatchRecord) => toBatchView(record, now());

  // Its own scope: elsewhere a manifest is no body.
  void server.register((scope: ApiServer, _options, done) => {
    scope.addContentTypeParser([...manifestTypes], (_request, payload, parsed) =>
      parsed(null, payload),
    );
    registerSubmission(scope, dependencies);
    done();
  });

  server.route({
    method: 'GET',
    url: '/v1/batches',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'listBatches',
      summary: 'List batches, newest first',
      tags,
      querystring: z.strictObject(pageQuery),
      response: {
        200: pageSchema(batchViewSchema),
        ...errorResponses,
      },
    },
    handler: async ({ query: { cursor, limit }, principal: { tenant } }) => {
      const page = await ledger.listBatches({
        tenant,
        limit,
        ...(cursor !== undefined && { cursor }),
      });
      return toPageView(page, toView);
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/batches/:id',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getBatch',
      summary: 'Counts, audio seconds, failures and cost of a batch',
      tags,
      params: batchParams,
      response: { 200: batchViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }) =>
      toView(await findOwnBatch(params.id, { principal, ledger })),
  });

  server.route({
    method: 'GET',
    url: '/v1/batches/:id/jobs',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'listBatchJobs',
      summary: 'Jobs of a batch, in the order of its items',
      description:
        'With `status`, a page may hold fewer jobs than asked for; the last has no `next`.',
      tags,
      params: batchParams,
      querystring: z.strictObject({ ...pageQuery, status: jobStatusSchema.optional() }),
      response: {
        200: pageSchema(jobViewSchema),
        ...errorResponses,
      },
    },
    handler: async ({ params, query: { cursor, limit, status }, principal }) => {
      const { id, tenant } = await findOwnBatch(params.id, { principal, ledger });
      const page = await ledger.listJobs({
        tenant,
        batch: id,
        limit,
        ...(cursor !== undefined && { cursor }),
        ...(status !== undefined && { status }),
      });
      return toPageView(page, (record) => toJobView(record, now()));
    },
  });

  server.route({
    method: 'POST',
    url: '/v1/batches/:id/cancel',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'cancelBatch',
      summary: 'Read no more of the input, and cancel the jobs that the batch submitted',
      tags,
      params: batchParams,
      response: { 202: batchViewSchema, ...errorResponses },
    },
    handler: async ({ params, principal }, reply) => {
      const batch = await findOwnBatch(params.id, { principal, ledger });
      if (batch.status === 'expanding' || batch.status === 'running' || batch.status === 'failed') {
        await addBatchTicket(batch.id, { work: { name: 'cancel' }, queues: dependencies.queues });
        await ledger.cancelBatch(batch.id);
      }
      return reply.code(202).send(toView(await findOwnBatch(batch.id, { principal, ledger })));
    },
  });

  server.route({
    method: 'POST',
    url: '/v1/batches/:id/retry',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'retryBatch',
      summary: 'Try the failed jobs of a batch again; finished chunks are kept',
      tags,
      params: batchParams,
      body: retryBody,
      response: { 202: batchViewSchema, ...errorResponses },
    },
    handler: async ({ params, body, principal }, reply) => {
      const batch = await findOwnBatch(params.id, { principal, ledger });
      const work = { name: 'retry', partial: body?.partial ?? false, beforeMs: now() } as const;
      await retryBatch(batch, { work, dependencies });
      return reply.code(202).send(toView(await findOwnBatch(batch.id, { principal, ledger })));
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/batches/:id/report',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'reportBatch',
      summary: 'What became of each item, as JSON or CSV',
      description: '`format`, or `Accept: text/csv`.',
      tags,
      params: batchParams,
      querystring: reportQuery,
      produces: ['application/json', 'text/csv'],
    },
    handler: async (request, reply) => {
      const { params, principal } = request;
      const batch = await findOwnBatch(params.id, { principal, ledger });
      const rows = readReportRows(batch.id, dependencies);
      const isCsv = chooseFormat(request) === 'csv';
      return reply
        .type(isCsv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .header('vary', 'accept')
        .header(
          'content-disposition',
          `attachment; filename="${batch.id}.${isCsv ? 'csv' : 'json'}"`,
        )
        .send(
          Readable.from(isCsv ? writeCsvReport(rows) : writeJsonReport(toView(batch), rows), {
            objectMode: false,
          }),
        );
    },
  });

  server.route({
    method: 'DELETE',
    url: '/v1/batches/:id',
    onRequest: requireScope('submit'),
    schema: {
      operationId: 'deleteBatch',
      summary: 'Forget a batch that has ended, and its report; its jobs stay',
      tags,
      params: batchParams,
      response: { 204: z.undefined(), ...errorResponses },
    },
    handler: async ({ params, principal }, reply) => {
      const { id, status } = await findOwnBatch(params.id, { principal, ledger });
      if (status === 'expanding' || status === 'running') {
        throw new CodedError(
          'JOB_STATE_CONFLICT',
          `Cancel it first: only a batch that has ended can be deleted; ${id} is ${status}.`,
          { details: { status } },
        );
      }
      await ledger.removeBatch(id);
      return reply.code(204).send();
    },
  });
}

function registerSubmission(server: ApiServer, dependencies: ApiDependencies): void {
  server.route({
    method: 'POST',
    url: '/v1/batches',
    onRequest: requireScope('submit'),
    bodyLimit: BODY_LIMIT_BYTES,
    preValidation: async (request: FastifyRequest) => {
      request.body = await receiveManifest(request, dependencies);
    },
    schema: {
      operationId: 'submitBatch',
      summary: 'Submit a list, a manifest, or all recordings below a prefix',
      description:
        'Answers 202 when the batch is recorded; its items are read in the background. With application/x-ndjson or text/csv the body is the manifest itself, and name, defaults (JSON) and idempotencyKey are in the query.',
      tags,
      consumes: ['application/json', ...manifestTypes],
      headers: submitHeaders,
      body: batchRequestSchema,
      response: { 202: batchViewSchema, ...errorResponses },
    },
    handler: async (request, reply) => {
      const wanted = withHeaderKey(request.body, request.headers);
      const record = await submitBatch(wanted, {
        principal: request.principal,
        dependencies,
      });
      return reply
        .code(202)
        .header('location', `/v1/batches/${record.id}`)
        .send(toBatchView(record, dependencies.now()));
    },
  });
}

/** What fits into one page and the quota is done when this answers; the rest, and what a killed process leaves, is the expander's. */
async function retryBatch(
  batch: BatchRecord,
  {
    work,
    dependencies,
  }: { work: Extract<BatchWork, { name: 'retry' }>; dependencies: ApiDependencies },
): Promise<void> {
  const { counts } = batch;
  const numJobs = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const leaveRest = () => addBatchTicket(batch.id, { work, queues: dependencies.queues });
  if (numJobs > SWEEP_PAGE) await leaveRest();
  try {
    await sweepPage({ work, batch, dependencies });
  } catch (error) {
    const isQuota = error instanceof CodedError && error.code === 'QUOTA_EXCEEDED';
    if (!isQuota) throw error;
    await leaveRest();
  }
}

function chooseFormat({
  query,
  headers,
}: {
  query: z.infer<typeof reportQuery>;
  headers: FastifyRequest['headers'];
}): 'json' | 'csv' {
  if (query.format !== undefined) return query.format;
  const accept = headers.accept ?? '';
  return accept.includes('text/csv') && !accept.includes('application/json') ? 'csv' : 'json';
}
