import { CodedError } from '@stenofleet/shared/errors';
import { type BatchRecord, isFinal, toJobView } from '@stenofleet/shared/job';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { toBatchView } from '../batches/batch-view.js';
import { findOwnBatch } from '../batches/find-own-batch.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';
import { findOwnJob } from '../find-own-job.js';
import { type EventChannel, openEventChannel } from './event-channel.js';
import { createEventHub } from './event-hub.js';
import { followSubject, type Subject } from './follow-subject.js';

/** Of one tenant at one process: each costs a connection, and one of a batch reads its record once a second. */
const MAX_READERS = 200;
const RETRY_AFTER_SECONDS = 10;

const eventParams = z.object({ id: z.string().min(1).max(64) });
const eventHeaders = z.looseObject({
  'last-event-id': z.string().max(64).optional(),
});
const description =
  'text/event-stream. First `snapshot` (the view), then events with an id; `Last-Event-ID` goes on behind it. Ends with `end`.';
const tags = ['events'];

export function registerEventRoutes(server: ApiServer, dependencies: ApiDependencies): void {
  const { ledger, log, now } = dependencies;
  const hub = createEventHub({ ledger, log });
  const channels = new Map<EventChannel, string>();
  // Readers come back to the process that follows this one.
  server.addHook('preClose', async () => {
    for (const channel of channels.keys()) channel.end();
    await hub.close();
  });

  async function follow(
    reply: FastifyReply,
    {
      subject,
      tenant,
      lastEventId,
    }: { subject: Subject; tenant: string; lastEventId: string | undefined },
  ): Promise<void> {
    checkRoom(tenant);
    reply.hijack();
    const channel = openEventChannel(reply.raw);
    channels.set(channel, tenant);
    channel.onClose(() => channels.delete(channel));
    try {
      await followSubject(subject, { channel, hub, ledger, lastEventId });
    } catch (err) {
      // The head is out: what is left to say is that the reader should come back.
      log.warn({ err }, 'events: a reader is cut off');
      channel.cut();
    }
  }

  /** @throws CodedError `QUOTA_EXCEEDED` */
  function checkRoom(tenant: string): void {
    const numReaders = [...channels.values()].filter((owner) => owner === tenant).length;
    if (numReaders < MAX_READERS) return;
    throw new CodedError(
      'QUOTA_EXCEEDED',
      `${MAX_READERS} readers of events are connected, which is as many as a tenant may have; end some of them.`,
      { details: { limit: 'readers', retryAfterSeconds: RETRY_AFTER_SECONDS } },
    );
  }

  server.route({
    method: 'GET',
    url: '/v1/jobs/:id/events',
    exposeHeadRoute: false,
    onRequest: requireScope('read'),
    schema: {
      operationId: 'followJob',
      summary: 'What happens to a job, as it happens',
      description,
      tags,
      params: eventParams,
      headers: eventHeaders,
      produces: ['text/event-stream'],
      response: errorResponses,
    },
    handler: async ({ params, headers, principal }, reply) => {
      const { spec } = await findOwnJob(params.id, { principal, ledger });
      const subject: Subject = {
        concerns: ({ job }) => job === spec.id,
        mayEnd: ({ status, type }) =>
          type !== 'job.progress' && status !== undefined && isFinal(status),
        isTold: () => true,
        read: async () => {
          const record = await ledger.getJob(spec.id);
          return (
            record && {
              view: toJobView(record, now()),
              isFinal: isFinal(record.status),
              isChanging: false,
            }
          );
        },
      };
      await follow(reply, {
        subject,
        tenant: principal.tenant,
        lastEventId: headers['last-event-id'],
      });
    },
  });

  server.route({
    method: 'GET',
    url: '/v1/batches/:id/events',
    exposeHeadRoute: false,
    onRequest: requireScope('read'),
    schema: {
      operationId: 'followBatch',
      summary: 'What happens to the jobs of a batch; `batch.progress` carries its counts',
      description,
      tags,
      params: eventParams,
      headers: eventHeaders,
      produces: ['text/event-stream'],
      response: errorResponses,
    },
    handler: async ({ params, headers, principal }, reply) => {
      const { id } = await findOwnBatch(params.id, { principal, ledger });
      const subject: Subject = {
        concerns: ({ batch }) => batch === id,
        mayEnd: ({ type }) =>
          type === 'batch.finished' || type === 'batch.cancelled' || type === 'batch.failed',
        isTold: ({ type }) => type !== 'job.progress' && type !== 'batch.progress',
        read: async () => {
          const record = await ledger.getBatch(id);
          return (
            record && {
              view: toBatchView(record, now()),
              isFinal: hasEnded(record),
              isChanging: record.status === 'expanding',
            }
          );
        },
        progress: 'batch.progress',
      };
      await follow(reply, {
        subject,
        tenant: principal.tenant,
        lastEventId: headers['last-event-id'],
      });
    },
  });
}

function hasEnded({ status }: BatchRecord): boolean {
  return status === 'finished' || status === 'cancelled' || status === 'failed';
}
