import { parseObjectKey } from '@stenofleet/shared/storage';
import { CodedError } from '@stenofleet/shared/errors';
import {
  type JobRecord,
  jobPlanSchema,
  outputFormats,
  type PublishedFile,
  resultManifestSchema,
} from '@stenofleet/shared/job';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses, errorSchema } from '../error-handler.js';
import { findOwnJob } from '../find-own-job.js';
import { type ByteRange, parseRange } from '../parse-range.js';
import { readManifest } from '../read-manifest.js';
import { jobParams } from './jobs.js';

/** How long a presigned address is good, in seconds. */
const PRESIGNED_SECONDS = 300;

const contentTypes: Record<PublishedFile['format'], string> = {
  json: 'application/json; charset=utf-8',
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

const resultQuery = z.strictObject({
  format: z
    .enum(outputFormats)
    .optional()
    .meta({ description: 'Default: json, or the first there is.' }),
  redirect: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Answer 302 to a presigned address where the store has such.' }),
});
const resultHeaders = z.looseObject({
  range: z.string().max(200).optional(),
  'if-none-match': z.string().max(1000).optional(),
  'if-range': z.string().max(200).optional(),
});
/** As written: what a manifest holds has been decided. */
const manifestView = resultManifestSchema.extend({
  plan: jobPlanSchema.extend({ formats: z.array(z.enum(outputFormats)) }),
});
const file = { schema: z.string().meta({ description: 'The document' }) };
const fileResponse = {
  description: 'The document',
  content: {
    'application/json': file,
    'application/x-subrip': file,
    'text/vtt': file,
    'text/plain': file,
  },
};

export function registerResultRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const { ledger, openStore } = dependencies;
  const tags = ['results'];

  server.route({
    method: 'GET',
    url: '/v1/jobs/:id/result',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getResult',
      summary: 'A transcript or subtitle file, whole or a range of it',
      tags,
      params: jobParams,
      querystring: resultQuery,
      headers: resultHeaders,
      response: {
        200: fileResponse,
        206: fileResponse,
        302: z.undefined(),
        304: z.undefined(),
        416: errorSchema,
        ...errorResponses,
      },
    },
    handler: async (request, reply) => {
      const { params, query, principal, headers } = request;
      const record = await findOwnJob(params.id, { principal, ledger });
      const published = findFile(record, query.format);
      const { prefix } = record.spec.output;
      const store = openStore(prefix);
      const key = toKey(prefix, published);
      const fileName = key.split('/').at(-1) ?? key;
      if (query.redirect === 'true') {
        const expiresSeconds = PRESIGNED_SECONDS;
        const address = await store.presign(key, { expiresSeconds, fileName });
        if (address !== undefined)
          return reply.header('cache-control', 'no-store').redirect(address);
      }
      const etag = `"${published.sha256}"`;
      void reply.headers({
        etag,
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
        'x-content-type-options': 'nosniff',
      });
      if (headers['if-none-match']?.includes(etag) === true) return reply.code(304).send();
      const isRangeWanted = headers['if-range'] === undefined || headers['if-range'] === etag;
      const range = isRangeWanted ? parseRange(headers.range, published.bytes) : undefined;
      if (range === 'unsatisfiable')
        return refuseRange(reply, { published, requestId: request.id });
      return sendFile(reply, { published, fileName, range, open: (part) => store.get(key, part) });
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/jobs/:id/manifest',
    onRequest: requireScope('read'),
    schema: {
      operationId: 'getManifest',
      summary: 'What was published: files, sizes, hashes, model, versions',
      tags,
      params: jobParams,
      response: { 200: manifestView, ...errorResponses },
    },
    handler: async ({ params, principal }) => {
      const record = await findOwnJob(params.id, { principal, ledger });
      const manifest = record.result && (await readManifest(record.spec.output, { openStore }));
      if (manifest?.jobId !== record.spec.id) throw notFound(record, 'manifest');
      return manifest;
    },
  });
}

function findFile(record: JobRecord, format: PublishedFile['format'] | undefined): PublishedFile {
  const files = record.result?.files ?? [];
  const found =
    format === undefined
      ? (files.find((candidate) => candidate.format === 'json') ?? files[0])
      : files.find((candidate) => candidate.format === format);
  if (found === undefined) throw notFound(record, format ?? 'result');
  return found;
}

function notFound({ spec, status, result }: JobRecord, what: string): CodedError {
  const formats = (result?.files ?? []).map(({ format }) => format);
  const has = formats.length === 0 ? 'nothing yet' : formats.join(', ');
  return new CodedError(
    'RESULT_NOT_FOUND',
    `Job ${spec.id} is ${status} and has no ${what}; there is ${has}.`,
    { field: 'format', details: { status, formats } },
  );
}

/** Keys are told relative to the prefix; a file elsewhere is none of this job's. */
function toKey(prefix: string, { url, format }: PublishedFile): string {
  const key = parseObjectKey(prefix, url);
  if (key !== undefined) return key;
  throw new CodedError('RESULT_NOT_FOUND', `The ${format} file lies outside the job's prefix.`);
}

async function sendFile(
  reply: FastifyReply,
  {
    published,
    fileName,
    range,
    open,
  }: {
    published: PublishedFile;
    fileName: string;
    range: ByteRange | undefined;
    open: (part: Partial<ByteRange>) => ReturnType<ReturnType<ApiDependencies['openStore']>['get']>;
  },
): Promise<FastifyReply> {
  const { bytes, format } = published;
  const { body } = await open(range ?? {});
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  // For clients that know the plain form only, such as curl.
  const plain = fileName.replace(/[^\u0020-\u007e]|["\\%]/g, '_');
  void reply
    .code(range === undefined ? 200 : 206)
    .type(contentTypes[format])
    .header('content-disposition', `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`)
    .header('content-length', range === undefined ? bytes : range.end - range.start);
  if (range !== undefined) {
    void reply.header('content-range', `bytes ${range.start}-${range.end - 1}/${bytes}`);
  }
  return reply.send(body);
}

function refuseRange(
  reply: FastifyReply,
  { published, requestId }: { published: PublishedFile; requestId: string },
): FastifyReply {
  return reply
    .code(416)
    .header('content-range', `bytes */${published.bytes}`)
    .send({
      error: {
        code: 'REQUEST_INVALID',
        message: `range: the file has ${published.bytes} bytes.`,
        retryable: false,
        field: 'range',
        requestId,
      },
    });
}
