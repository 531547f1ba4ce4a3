// The queue of deliveries and its pauses.

import { type WebhookTicket } from '@stenofleet/shared/queue';
import { type JobsOptions } from 'bullmq';
import { type ApiDependencies } from '../dependencies.js';

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;
const LONGEST_MS = 86_400_000;

/** 10 s, then twice as long each time, up to an hour. */
export function planWebhookPause(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, tries - 1), LONGEST_PAUSE_MS);
}

/** As many as fit into a day. */
export const WEBHOOK_TRIES = countTries();

function countTries(): number {
  let tries = 1;
  for (let ms = planWebhookPause(1); ms <= LONGEST_MS; ms += planWebhookPause(tries)) tries++;
  return tries;
}

const options: JobsOptions = {
  attempts: WEBHOOK_TRIES,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: true,
};

/** One ticket for each delivery. */
export async function addDelivery(
  deliveryId: string,
  { queues }: Pick<ApiDependencies, 'queues'>,
): Promise<void> {
  const ticket: WebhookTicket = { deliveryId };
  await queues
    .get(queues.catalogue.webhooks)
    .add('deliver', ticket, { ...options, jobId: deliveryId });
}

/** At once, and with a full day of tries. */
export async function addDeliveryAgain(
  deliveryId: string,
  { queues }: Pick<ApiDependencies, 'queues'>,
): Promise<void> {
  // One that somebody is sending stays: it comes to the same.
  await queues
    .get(queues.catalogue.webhooks)
    .remove(deliveryId)
    .catch(() => 0);
  await addDelivery(deliveryId, { queues });
}
