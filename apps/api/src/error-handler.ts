// The one place where errors become HTTP: `{ error: { code, message, retryable, field?, details?, requestId } }`.

import {
  CodedError,
  fleetErrors,
  toWireError,
  type WireError,
  wireErrorSchema,
} from '@stenofleet/shared/errors';
import { toRedisError } from '@stenofleet/shared/queue';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type ApiServer } from './api-server.js';
import { describeIssue, type IssueLike } from './describe-issue.js';
import { OptionError } from './option-error.js';

/** Seconds after which a client should ask again where the error does not say it. */
const RETRY_AFTER_SECONDS = 5;

export const errorSchema = z.object({
  error: wireErrorSchema.extend({ requestId: z.string() }),
});
export type ErrorBody = z.infer<typeof errorSchema>;

/** Responses of every route that may refuse: for its `schema.response`. */
export const errorResponses = { '4xx': errorSchema, '5xx': errorSchema };

type Answer = { status: number; error: WireError };

export function handleErrors(
  server: ApiServer,
  { onError }: { onError?: (code: string) => void } = {},
): void {
  server.setErrorHandler((error, request, reply) => {
    const answer = toAnswer(error);
    onError?.(answer.error.code);
    if (answer.status >= 500) {
      request.log.error({ err: error, code: answer.error.code }, 'refused');
    }
    return sendError(reply, { request, answer });
  });
  server.setNotFoundHandler((request, reply) => {
    onError?.('ROUTE_UNKNOWN');
    const error = new CodedError(
      'ROUTE_UNKNOWN',
      `There is no ${request.method} ${request.url.split('?', 1)[0] ?? ''}; /docs lists what there is.`,
    );
    return sendError(reply, { request, answer: toAnswer(error) });
  });
}

/** What an error is to a client. Unknown ones tell nothing of themselves. */
export function toAnswer(thrown: unknown): Answer {
  const error = toRedisError(thrown);
  if (error instanceof CodedError) {
    const { status } = fleetErrors[error.code];
    return { status, error: hideInside(error) };
  }
  if (error instanceof OptionError) return { status: 400, error: toWireError(error) };
  return toFrameworkAnswer(error) ?? { status: 500, error: internal };
}

const internal: WireError = {
  code: 'INTERNAL',
  message:
    'Something failed that should not. The log of the API has the details under this request id.',
  retryable: false,
};

/** Settings and the like are the operator's: told in the log, not to clients. */
function hideInside(error: CodedError): WireError {
  return error.code === 'INTERNAL' || error.code === 'CONFIG_INVALID'
    ? internal
    : toWireError(error);
}

type FrameworkError = {
  statusCode?: unknown;
  code?: unknown;
  message?: unknown;
  validation?: unknown;
  validationContext?: unknown;
};

/** Fastify's own refusals; undefined for anything that is not the client's fault. */
function toFrameworkAnswer(error: unknown): Answer | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { statusCode, code, validation, validationContext }: FrameworkError = error;
  if (Array.isArray(validation)) {
    return refuseIssues(validation as IssueLike[], String(validationContext));
  }
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH') {
    const why = 'path: it is not percent-encoded UTF-8, or a part of it is too long.';
    return toAnswer(new CodedError('REQUEST_INVALID', why, { field: 'path' }));
  }
  const isTooLarge = statusCode === 413;
  const sentence = sentences[String(code)] ?? 'The request is malformed.';
  return toAnswer(
    new CodedError(isTooLarge ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID', sentence, {
      field: 'body',
    }),
  );
}

/** Fastify's codes in our words: its own messages repeat parts of the body. */
const sentences: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is larger than this route takes.',
  FST_REQ_FILE_TOO_LARGE: 'The body is larger than this route takes.',
  FST_PARTS_LIMIT: 'The form has too many parts.',
  FST_FILES_LIMIT: 'The form has more files than one.',
  FST_FIELDS_LIMIT: 'The form has too many fields.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    'The Content-Type is not one this route takes; send application/json.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty; a JSON object is expected.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as its Content-Length says.',
  FST_INVALID_JSON_FIELD_ERROR: 'A field of the form is not valid JSON.',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'The body is no multipart form.',
};

function refuseIssues(issues: readonly IssueLike[], context: string): Answer {
  const problems = issues.map((issue) => describeIssue(issue, context));
  const [first] = problems;
  return toAnswer(
    new CodedError('REQUEST_INVALID', first?.message ?? 'The request is malformed.', {
      ...(first !== undefined && { field: first.field }),
      ...(problems.length > 1 && { details: { problems: problems.slice(0, 20) } }),
    }),
  );
}

export function sendError(
  reply: FastifyReply,
  { request, answer }: { request: FastifyRequest; answer: Answer },
): FastifyReply {
  const { status, error } = answer;
  if (status === 429 || status === 503) {
    void reply.header('retry-after', String(readRetryAfter(error)));
  }
  // What the client is still sending is of no use to anybody.
  if (!request.raw.complete) void reply.header('connection', 'close');
  const body: ErrorBody = { error: { ...error, requestId: request.id } };
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(body);
}

function readRetryAfter({ details }: WireError): number {
  const seconds = details?.['retryAfterSeconds'];
  return typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : RETRY_AFTER_SECONDS;
}
