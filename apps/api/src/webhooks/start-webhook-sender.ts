// Tells tenants' servers what became of their jobs and batches: at least once, with the same id each time.

import { openRedis, type WebhookTicket } from '@stenofleet/shared/queue';
import { createAddressPolicy } from '@stenofleet/shared/source';
import { UnrecoverableError, Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { type ApiDependencies } from '../dependencies.js';
import { createDeliveryStore, type DeliveryTry } from './delivery-store.js';
import { createPostWebhook, type PostWebhook } from './post-webhook.js';
import { signWebhook } from './sign-webhook.js';
import { takeNotices } from './take-notices.js';
import { createWebhookSecrets } from './webhook-secrets.js';
import { addDelivery, planWebhookPause, WEBHOOK_TRIES } from './webhook-queue.js';

const CONCURRENCY = 16;
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
  const connection = openRedis(config.fleet.REDIS_URL, {
    use: 'blocking',
    onError: (err) => log.warn({ err }, 'webhooks: Redis is away'),
  });

  const worker = new Worker<WebhookTicket>(
    queues.catalogue.webhooks,
    async ({ data, attemptsMade }) => deliver(data.deliveryId, attemptsMade + 1 >= WEBHOOK_TRIES),
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
    consumer: randomUUID(),
    claimMs,
    deliver: async (spec) => {
      await store.create(spec);
      const delivery = await store.get(spec.id);
      if (delivery?.status === 'pending') await addDelivery(spec.id, { queues });
    },
    signal: stop.signal,
  });

  /** @throws where it is to be tried again */
  async function deliver(id: string, isLast: boolean): Promise<void> {
    const delivery = await store.get(id);
    if (delivery?.status !== 'pending') return;
    const timestamp = Math.floor(now() / 1000);
    const startedAt = performance.now();
    const { status, response, error } = await send({
      url: delivery.url,
      body: delivery.body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'stenofleet-webhooks/1',
        'stenofleet-id': id,
        'stenofleet-timestamp': String(timestamp),
        'stenofleet-signature': signWebhook(delivery.body, {
          secrets: await secrets.list(delivery.tenant),
          timestamp,
        }),
      },
    });
    const entry: DeliveryTry = {
      at: new Date(now()).toISOString(),
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
      ...(response !== undefined && response !== '' && { response }),
      milliseconds: Math.round(performance.now() - startedAt),
    };
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
        await Promise.all([worker.close(), taking]);
        connection.disconnect();
      })();
      return closing;
    },
  };
}
