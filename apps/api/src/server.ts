import multipart from '@fastify/multipart';
import { CodedError, toWireError } from '@stenofleet/shared/errors';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { type Socket } from 'node:net';
import { type ApiServer } from './api-server.js';
import { authenticateAll, createAuthenticate } from './authenticate.js';
import { registerBatchRoutes } from './batches/register-batch-routes.js';
import { type ApiDependencies, type Principal } from './dependencies.js';
import { handleErrors, sendError, toAnswer } from './error-handler.js';
import { registerEventRoutes } from './events/register-event-routes.js';
import { logRequests } from './log-requests.js';
import { createMetrics } from './metrics.js';
import { registerDocs } from './routes/docs.js';
import { registerHealthRoutes } from './routes/health.js';
import { registerHostRoutes } from './routes/hosts.js';
import { registerJobRoutes } from './routes/jobs.js';
import { registerKeyRoutes } from './routes/keys.js';
import { registerMetricsRoute } from './routes/metrics.js';
import { registerModelRoutes } from './routes/models.js';
import { registerQueueBoard } from './routes/queue-board.js';
import { registerResultRoutes } from './routes/results.js';
import { registerUploadRoutes } from './routes/uploads.js';
import { registerUsageRoutes } from './routes/usage.js';
import { scanJson } from './scan-json.js';
import { registerWebhookRoutes } from './webhooks/register-webhook-routes.js';

/** Largest JSON body, in bytes, where a route does not say otherwise. */
const BODY_LIMIT_BYTES = 1 << 20;
/** A connection on which nothing moves for this long is closed; uploads and event streams keep moving. */
const IDLE_MS = 120_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** Values of a JSON body: no job has half as many; of a list of 10,000 items no item has more than 40. */
const MAX_VALUES = 1_000;
const MAX_LIST_VALUES = 450_000;

/** Routes, hooks and documents; does not listen. */
export async function createServer(dependencies: ApiDependencies): Promise<ApiServer> {
  const logger: FastifyBaseLogger = dependencies.log;
  const server: ApiServer = Fastify({
    loggerInstance: logger,
    // Fastify's own lines hold addresses with their queries; see logRequests.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT_BYTES,
    connectionTimeout: IDLE_MS,
    // A whole upload may take hours; headers may not.
    requestTimeout: 0,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: answerNoHttp,
    frameworkErrors: (error, request, reply) => {
      void sendError(reply, { request, answer: toAnswer(error) });
    },
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  // A form or plain text is what a foreign web page can send without asking first.
  server.removeContentTypeParser('text/plain');
  takeEmptyJson(server);
  server.decorateRequest('principal', null as unknown as Principal);

  const metrics = createMetrics(dependencies);
  const authenticate = createAuthenticate(dependencies);
  handleErrors(server, { onError: metrics.countError });
  logRequests(server, metrics.observeRequest);

  await server.register(multipart, {
    limits: {
      files: 1,
      fields: 8,
      parts: 9,
      fieldSize: 256 * 1024,
      fileSize: dependencies.config.maxUploadBytes,
    },
  });
  await registerDocs(server);
  registerHealthRoutes(server, dependencies);
  await registerQueueBoard(server, { ...dependencies, authenticate });

  await server.register((scope: ApiServer) => {
    authenticateAll(scope, authenticate);
    registerMetricsRoute(scope, metrics);
    registerJobRoutes(scope, dependencies);
    registerResultRoutes(scope, dependencies);
    registerUploadRoutes(scope, dependencies);
    registerBatchRoutes(scope, dependencies);
    registerEventRoutes(scope, dependencies);
    registerWebhookRoutes(scope, dependencies);
    registerModelRoutes(scope, dependencies);
    registerHostRoutes(scope, dependencies);
    registerUsageRoutes(scope, dependencies);
    registerKeyRoutes(scope, dependencies);
    return Promise.resolve();
  });
  return server;
}

/** Many clients name the type of a body that they do not send; a route that needs one says so itself. */
function takeEmptyJson(server: ApiServer): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request, body: string, done) => {
      if (body === '') {
        done(null, undefined);
        return;
      }
      const isList = request.routeOptions.bodyLimit > BODY_LIMIT_BYTES;
      const problem = scanJson(body, { maxValues: isList ? MAX_LIST_VALUES : MAX_VALUES });
      if (problem === undefined) void parse(request, body, done);
      else done(new CodedError('REQUEST_INVALID', `body: ${problem}.`, { field: 'body' }));
    },
  );
}

/** What never became a request: nothing of it is told or logged. */
function answerNoHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const refusal = new CodedError('REQUEST_INVALID', 'request: this is no HTTP/1.1 request.', {
    field: 'request',
  });
  const body = JSON.stringify({ error: { ...toWireError(refusal), requestId: randomUUID() } });
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
