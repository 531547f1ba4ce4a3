// How much a tenant may have open and ask for in a day: its own figures, or the ones all tenants have.

import { type Quota } from '@stenofleet/shared/ledger';
import { z } from 'zod';
import { type ApiDependencies } from './dependencies.js';

export const quotaSchema = z.strictObject({
  maxOpenJobs: z.int().positive().optional(),
  maxAudioSecondsPerDay: z.number().positive().optional(),
});

type QuotaDependencies = Pick<ApiDependencies, 'config' | 'redis' | 'keys'>;

export async function readQuota(
  tenant: string,
  { config, redis, keys }: QuotaDependencies,
): Promise<Quota> {
  const text = await redis.hget(keys.tenant(tenant), 'quota');
  return toQuota(text === null ? config.quota : quotaSchema.parse(JSON.parse(text)));
}

/** An empty quota is one without limits. */
export async function writeQuota(
  tenant: string,
  {
    quota,
    redis,
    keys,
  }: { quota: z.infer<typeof quotaSchema> } & Omit<QuotaDependencies, 'config'>,
): Promise<void> {
  await redis.hset(keys.tenant(tenant), 'quota', JSON.stringify(quota));
}

function toQuota({ maxOpenJobs, maxAudioSecondsPerDay }: z.infer<typeof quotaSchema>): Quota {
  return {
    ...(maxOpenJobs !== undefined && { maxOpenJobs }),
    ...(maxAudioSecondsPerDay !== undefined && { maxAudioSecondsPerDay }),
  };
}
