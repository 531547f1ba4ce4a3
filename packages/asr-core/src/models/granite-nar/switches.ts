import { z } from 'zod';

/** What only the real weights settle: docs/models/granite.md, "First contact". */
export const graniteSwitches = z.strictObject({
  /** Whether the draft's text is tokenized anew for the editor, or its ids are taken as they are. */
  draft: z.enum(['round-trip', 'direct']).default('round-trip'),
  /** Whether equal neighbours among the editor's tokens become one. */
  collapse: z.boolean().default(true),
  /** Whether the audio's embeddings are divided by the embedding multiplier: as the configuration says, or in any case. */
  divideEmbeddings: z.enum(['auto', 'always', 'never']).default('auto'),
  /** What is done with audio of an exact multiple of 4 s, a branch of the traced encoder that nobody has tested. */
  wholeBlocks: z.enum(['shorten', 'keep']).default('shorten'),
});

export type GraniteSwitches = z.infer<typeof graniteSwitches>;
