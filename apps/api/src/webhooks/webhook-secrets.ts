// Each tenant's secret: made when it is first needed, replaced on demand.

import { createHmac, randomBytes } from 'node:crypto';
import { type RedisKeys } from '@stenofleet/shared/queue';
import { type Redis } from 'ioredis';

/** The replaced secret signs along for a day, so that receivers have time to change. */
const OVERLAP_MS = 86_400_000;

export type WebhookSecrets = {
  /** The one to be told. */
  get: (tenant: string) => Promise<string>;
  /** Those to sign with, the current one first. */
  list: (tenant: string) => Promise<string[]>;
  rotate: (tenant: string) => Promise<{ secret: string; previousUntilMs: number }>;
};

type SecretOptions = {
  redis: Redis;
  keys: RedisKeys;
  now: () => number;
  /** Of the operator; each tenant's first secret is derived from it. Undefined: a random one. */
  seed?: string | undefined;
};

export function createWebhookSecrets({ redis, keys, now, seed }: SecretOptions): WebhookSecrets {
  const random = () => `whsec_${randomBytes(32).toString('base64url')}`;
  const first = (tenant: string) =>
    seed === undefined
      ? random()
      : `whsec_${createHmac('sha256', seed).update(`webhook:${tenant}`).digest('base64url')}`;

  async function get(tenant: string): Promise<string> {
    const key = keys.tenant(tenant);
    const known = await redis.hget(key, 'webhookSecret');
    if (known !== null) return known;
    await redis.hsetnx(key, 'webhookSecret', first(tenant));
    return (await redis.hget(key, 'webhookSecret')) ?? get(tenant);
  }

  return {
    get,
    async list(tenant) {
      const current = await get(tenant);
      const [previous, until] = await redis.hmget(
        keys.tenant(tenant),
        'webhookSecretPrevious',
        'webhookSecretPreviousUntil',
      );
      return previous && Number(until) > now() ? [current, previous] : [current];
    },
    async rotate(tenant) {
      const previous = await get(tenant);
      const secret = random();
      const previousUntilMs = now() + OVERLAP_MS;
      await redis.hset(keys.tenant(tenant), {
        webhookSecret: secret,
        webhookSecretPrevious: previous,
        webhookSecretPreviousUntil: String(previousUntilMs),
      });
      return { secret, previousUntilMs };
    },
  };
}
