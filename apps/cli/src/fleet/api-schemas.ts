import { batchViewSchema, jobViewSchema } from '@stenofleet/shared/job';
import { z } from 'zod';

const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().optional() });

export const jobPageSchema = pageOf(jobViewSchema);
export const batchPageSchema = pageOf(batchViewSchema);

export const uploadSchema = z.object({
  /** What a job names as its source. */
  source: z.string(),
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});
export type Upload = z.infer<typeof uploadSchema>;

export const readinessSchema = z.object({
  status: z.enum(['ready', 'unavailable']),
  redis: z.string(),
  storage: z.string(),
});

export const modelsSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      demo: z.boolean(),
      isDefault: z.boolean(),
      tiers: z.array(z.object({ tier: z.string(), isDefault: z.boolean(), hosts: z.number() })),
    }),
  ),
});
