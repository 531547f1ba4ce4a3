// Tells tenants' servers what became of their jobs and batches: at least once, with the same id each time.

import { openRedis, type WebhookTicket } from '@stenofleet/shared/queue';
import { createAddressPolicy } from '@stenofleet/shared/source';
import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { type ApiDependencies } from '../dependencies.js';
import { createOriginSlots } from './origin-slots.js';
import { createDeliveryStore, type Delivery, type DeliveryTry } from './delivery-store.js';
import { createPostWebhook, type PostWebhook, type WebhookAnswer } from './post-webhook.js';
import { signWebhook } from './sign-webhook.js';
import { takeNotices } from './take-notices.js';
import { createWebhookSecrets } from './webhook-secrets.js';
import { addDelivery, planWebhookPause, WEBHOOK_TRIES } from './webhook-queue.js';

const CONCURRENCY = 64;
/** Of these, for one receiver: where it does not answer, the others are not held up. */
const SLOTS_PER_ORIGIN = 4;
const MAX_STALLS = 1_000;

export type WebhookSenderOptions = {
  /** @defaultValue through the guard that sources have */
  post?: PostWebhook;
  /** Pause before the next try, in ms. @defaultValue 10 s, doubled up to an hour */
  planPause?: (tries: number) => number;
  /** Silence after which a killed process's work is another's, in ms. @defaultValue 30000 */
  claimMs?: number;
};

export type WebhookSender = { close: () => Promise<void> };

export function startWebhookSender(
  dependencies: ApiDependencies,
  { post, planPause = planWebhookPause, claimMs = 30_000 }: WebhookSenderOptions = {},
): WebhookSender {
  const { config, log, keys, now, queues, redis } = dependencies;
  const store = createDeliveryStore(redis, { keys, retentionMs: config.retentionMs });
  const secrets = createWebhookSecrets({ redis, keys, now, seed: config.webhookSecret });
  const send =
    post ?? createPostWebhook({ policy: createAddressPolicy(config.webhookPrivateHosts) });
  const stop = new AbortController();
  const slots = createOriginSlots(SLOTS_PER_ORIGIN);
  const open = () =>
    openRedis(config.fleet.REDIS_URL, {
      use: 'blocking',
      onError: (err) => log.warn({ err }, 'webhooks: Redis is away'),
    });
  const [connection, noticeConnection] = [open(), open()];

  const worker = new Worker<WebhookTicket>(
    queues.catalogue.webhooks,
    async (job, token) => {
      const delivery = await store.get(job.data.deliveryId);
      if (delivery?.status !== 'pending') return;
      const { pauseMs, release } = slots.take(delivery.url);
      if (release === undefined) {
        // It counts as no try.
        await job.moveToDelayed(Date.now() + pauseMs, token);
        throw new DelayedError();
      }
      const entry = await tryOnce(delivery, release);
      await settle(delivery, { entry, isLast: job.attemptsMade + 1 >= WEBHOOK_TRIES });
    },
    {
      connection,
      prefix: queues.catalogue.prefix,
      concurrency: CONCURRENCY,
      lockDuration: claimMs,
      stalledInterval: claimMs,
      maxStalledCount: MAX_STALLS,
      settings: { backoffStrategy: planPause },
    },
  );
  worker.on('error', (err) => log.warn({ err }, 'webhooks: worker'));

  const taking = takeNotices({
    dependencies,
    connection: noticeConnection,
    consumer: randomUUID(),
    claimMs,
    deliver: async (spec) => {
      await store.create(spec);
      const delivery = await store.get(spec.id);
      if (delivery?.status === 'pending') await addDelivery(spec.id, { queues });
    },
    signal: stop.signal,
  });

  async function tryOnce(
    { id, tenant, url, body }: Delivery,
    release: (isAnswered: boolean) => void,
  ): Promise<DeliveryTry> {
    const timestamp = Math.floor(now() / 1000);
    const startedAt = performance.now();
    let answer: WebhookAnswer | undefined;
    try {
      answer = await send({
        url,
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'stenofleet-webhooks/1',
          'stenofleet-id': id,
          'stenofleet-timestamp': String(timestamp),
          'stenofleet-signature': signWebhook(body, {
            secrets: await secrets.list(tenant),
            timestamp,
          }),
        },
      });
    } finally {
      release(answer?.status !== undefined);
    }
    const { status, response, error } = answer;
    return {
      at: new Date(now()).toISOString(),
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
      ...(response !== undefined && response !== '' && { response }),
      milliseconds: Math.round(performance.now() - startedAt),
    };
  }

  /** @throws where it is to be tried again */
  async function settle(
    { id }: Delivery,
    { entry, isLast }: { entry: DeliveryTry; isLast: boolean },
  ): Promise<void> {
    const { status, error } = entry;
    if (status !== undefined && status >= 200 && status < 300) {
      await store.recordTry(id, { status: 'delivered', entry });
      return;
    }
    if (status === 410) {
      await store.recordTry(id, { status: 'stopped', entry });
      throw new UnrecoverableError('The receiver wants no more of it.');
    }
    await store.recordTry(id, { status: isLast ? 'failed' : 'pending', entry });
    throw new Error(error ?? `The receiver answered ${status}.`);
  }

  let closing: Promise<void> | undefined;
  return {
    close: () => {
      closing ??= (async () => {
        stop.abort();
        noticeConnection.disconnect();
        await Promise.all([worker.close(), taking]);
        connection.disconnect();
      })();
      return closing;
    },
  };
}
