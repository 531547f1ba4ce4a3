// What `model.json` says of one tier.

import { z } from 'zod';

/** A graph may have several sidecars (`…-data`); of every other role a tier has one file at most. */
export const fileRoles = [
  'encoder',
  'encoder-data',
  'decoder-joint',
  'decoder-joint-data',
  'decoder',
  'decoder-data',
  'embed-tokens',
  'embed-tokens-data',
  'editor',
  'editor-data',
  'vocabulary',
  'tokenizer',
  'tokenizer-config',
  'preprocessor',
  'config',
] as const;

const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** Names of models and tiers, which become folders. */
export const nameSchema = z
  .string()
  .max(100)
  .regex(namePattern, 'must be lower-case letters and digits, joined by ".", "_" or "-"');

export const sourceSchema = z.strictObject({
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be "owner/name"'),
  /** A commit, or a branch that is resolved to its commit when the model is pulled. */
  revision: z.string().regex(/^[\w.-]+$/),
});

/** What only real weights can settle, by the names that the family gives it. */
export const switchesSchema = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'must be a name such as eosBias'),
  z.union([z.string(), z.number(), z.boolean()]),
);

const fileSchema = z.strictObject({
  role: z.enum(fileRoles),
  path: z.string().refine(isSafePath, 'must be a relative path without ".."'),
  bytes: z.int().nonnegative().optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const installedFileSchema = fileSchema.required({ bytes: true, sha256: true });

const tierFields = {
  description: z.string().optional(),
  /** Longest segment of this tier, in seconds. */
  maxSegmentSeconds: z.number().positive().max(90),
  /** Why not longer ones. */
  maxSegmentReason: z.string().optional(),
  /** Overrides the manifest's source: tiers may come from different repositories. */
  source: sourceSchema.optional(),
  /** Memory that one lane is expected to take, in bytes: reckoned, not measured. */
  memoryBytes: z.int().positive().optional(),
  /** What its kernels want for their speed, by the names in Linux's /proc/cpuinfo. */
  cpuFeatures: z.array(z.string().regex(/^[a-z0-9_]+$/)).optional(),
  /** Figures that others have published. */
  accuracy: z
    .array(
      z.strictObject({
        /** Measure and test set. */
        what: z.string(),
        percent: z.number().nonnegative(),
        source: z.string(),
      }),
    )
    .optional(),
  /** The tier to try where this one fails. */
  betterTier: nameSchema.optional(),
  /** How far its words may differ from another tier's, as a share of that tier's words. */
  parity: z
    .strictObject({ reference: nameSchema, maxWordErrorRate: z.number().min(0).max(1) })
    .optional(),
  /** What `steno models check` found of it on this host. */
  parityCheck: z
    .strictObject({
      against: nameSchema,
      wordErrorRate: z.number().nonnegative(),
      maxWordErrorRate: z.number(),
      /** Somebody wants the tier although it is beyond its budget. */
      forced: z.boolean(),
    })
    .optional(),
  /** They go before the manifest's. */
  switches: switchesSchema.optional(),
  /** Imported under a known id although the files are not the published ones. */
  otherWeights: z.literal(true).optional(),
};

export const tierSchema = z.strictObject({
  ...tierFields,
  /** Absent: found from the repository's listing when the tier is pulled. */
  files: z.array(fileSchema).optional(),
});

export const installedTierSchema = z.strictObject({
  ...tierFields,
  files: z.array(installedFileSchema),
});

export type FileRole = (typeof fileRoles)[number];
export type ModelSource = z.infer<typeof sourceSchema>;
export type ModelSwitches = z.infer<typeof switchesSchema>;
export type ModelFile = z.infer<typeof fileSchema>;
export type InstalledFile = z.infer<typeof installedFileSchema>;
export type ModelTier = z.infer<typeof tierSchema>;
export type InstalledTier = z.infer<typeof installedTierSchema>;
export type ParityCheck = NonNullable<InstalledTier['parityCheck']>;

/** Whether a path from outside stays inside the folder it is joined to. */
export function isSafePath(path: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused
  if (path.length > 500 || /[\\\u0000-\u001f:]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Whether a tier was found to differ too much from its reference, and nobody insists on it. */
export function isRefused({ parityCheck }: Pick<ModelTier, 'parityCheck'>): boolean {
  if (!parityCheck || parityCheck.forced) return false;
  return parityCheck.wordErrorRate > parityCheck.maxWordErrorRate;
}
