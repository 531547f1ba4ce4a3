import { z } from 'zod';
import { type ApiClient } from './api-client.js';

const modelsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      tiers: z.array(z.object({ tier: z.string(), isDefault: z.boolean(), hosts: z.number() })),
    }),
  ),
});

/** Without a tier the model's default is meant. */
export type WantedModel = { model: string; tier?: string | undefined };

/** Of the models wanted, those that no live host serves, as `model tier`. Nothing is said where the API does not tell. */
export async function findUnserved(
  wanted: readonly WantedModel[],
  client: Pick<ApiClient, 'request'>,
): Promise<string[]> {
  if (wanted.length === 0) return [];
  const { items } = await client.request('/v1/models', modelsSchema).catch(() => ({ items: [] }));
  const unserved = wanted.flatMap(({ model, tier }) => {
    const tiers = items.find(({ id }) => id === model)?.tiers ?? [];
    const found = tiers.find((one) => (tier === undefined ? one.isDefault : one.tier === tier));
    return found?.hosts === 0 ? [`${model} ${found.tier}`] : [];
  });
  return [...new Set(unserved)];
}
