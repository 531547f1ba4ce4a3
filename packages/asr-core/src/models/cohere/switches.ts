import { z } from 'zod';

/** What only the real weights settle: docs/models/cohere.md, "First contact". */
export const cohereSwitches = z.strictObject({
  /** Length of the prompt: with `▁` before it, as the reference implementation has it, or without. */
  promptTokens: z.literal([10, 9]).default(10),
  /** Added to the logit of the end token, for tiers whose decoder ends too late. */
  eosBias: z.number().default(0),
  /** Whether the token table must be the published model's, or may have ids of its own. */
  tokenTable: z.enum(['known', 'own']).default('known'),
});

export type CohereSwitches = z.infer<typeof cohereSwitches>;
