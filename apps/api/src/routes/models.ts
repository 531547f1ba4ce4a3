import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { errorResponses } from '../error-handler.js';

const tierFacts = {
  bytes: z.number().optional().meta({ description: 'Size of its files' }),
  maxSegmentSeconds: z
    .number()
    .optional()
    .meta({ description: 'Longest stretch that it hears at once' }),
  maxSegmentReason: z.string().optional(),
  memoryBytes: z.number().optional().meta({ description: 'What one lane is expected to take' }),
  cpuFeatures: z
    .array(z.string())
    .optional()
    .meta({ description: 'What it wants of the CPU for its speed, by the names in /proc/cpuinfo' }),
  accuracy: z
    .array(z.object({ what: z.string(), percent: z.number(), source: z.string() }))
    .optional()
    .meta({ description: 'Figures that others have published' }),
  betterTier: z.string().optional().meta({ description: 'The tier to try where this one fails' }),
  parity: z
    .object({ reference: z.string(), maxWordErrorRate: z.number() })
    .optional()
    .meta({ description: 'How far its words may differ from those of another tier' }),
  switches: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  otherWeights: z
    .boolean()
    .optional()
    .meta({ description: 'Imported under this name, but not the published files' }),
};

const modelSchema = z.object({
  id: z.string(),
  name: z.string(),
  demo: z.boolean().meta({ description: 'For trying the system, not for real work' }),
  isDefault: z.boolean().meta({ description: 'What a request means that names no model' }),
  tiers: z.array(
    z.object({
      tier: z.string(),
      isDefault: z.boolean(),
      languages: z.array(z.string()),
      languageRequired: z.boolean(),
      hosts: z.number().meta({ description: 'Live hosts that serve it; jobs wait where it is 0' }),
      ...tierFacts,
    }),
  ),
});

export function registerModelRoutes(
  server: ApiServer,
  { models }: Pick<ApiDependencies, 'models'>,
): void {
  server.route({
    method: 'GET',
    url: '/v1/models',
    onRequest: requireScope('read', 'submit'),
    schema: {
      operationId: 'listModels',
      summary: 'Models and tiers that a job may name',
      tags: ['fleet'],
      response: { 200: z.object({ items: z.array(modelSchema) }), ...errorResponses },
    },
    handler: async () => {
      const known = await models.list();
      const usual = await models.getDefault();
      return {
        items: known.map(({ tiers, ...model }) => ({
          ...model,
          isDefault: model.id === usual,
          tiers: tiers.map((tier) => ({ ...tier, languages: [...tier.languages] })),
        })),
      };
    },
  });
}
