// docs/webhooks.md tells receivers how to check it.

import { createHmac } from 'node:crypto';

/** `v1=<hex>` for each secret, joined by commas: while a secret is being replaced there are two. */
export function signWebhook(
  body: string,
  { secrets, timestamp }: { secrets: readonly string[]; timestamp: number },
): string {
  return secrets
    .map((secret) => createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'))
    .map((digest) => `v1=${digest}`)
    .join(',');
}
