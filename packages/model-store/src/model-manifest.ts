// `model.json`: what a model is, which tiers it has and which files each tier needs.
// A catalogue manifest (manifests/) describes a hub repository; an installed one lies in the model's
// folder, names every file relative to itself and knows every size and sha-256.

import { z } from 'zod';
import { ModelStoreError } from './errors.js';

/** One file each, except the two `…-data` roles: a graph may have several sidecars. */
export const fileRoles = [
  'encoder',
  'encoder-data',
  'decoder-joint',
  'decoder-joint-data',
  'vocabulary',
  'preprocessor',
  'config',
] as const;

const repeatableRoles: readonly FileRole[] = ['encoder-data', 'decoder-joint-data'];
const requiredRoles: readonly FileRole[] = ['encoder', 'vocabulary'];

const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const nameSchema = z
  .string()
  .max(100)
  .regex(namePattern, 'must be lower-case letters and digits, joined by ".", "_" or "-"');

const sourceSchema = z.strictObject({
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be "owner/name"'),
  /** A commit, or a branch that is resolved to its commit when the model is pulled. */
  revision: z.string().regex(/^[\w.-]+$/),
});

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
  /** Overrides the manifest's source: tiers may come from different revisions. */
  source: sourceSchema.optional(),
};

const tierSchema = z.strictObject({
  ...tierFields,
  /** Absent: found from the repository's listing when the tier is pulled. */
  files: z.array(fileSchema).superRefine(checkRoles).optional(),
});

const installedTierSchema = z.strictObject({
  ...tierFields,
  files: z.array(installedFileSchema).superRefine(checkRoles),
});

const manifestFields = {
  schemaVersion: z.literal(1),
  id: nameSchema,
  name: z.string().min(1),
  description: z.string(),
  /** Which code runs it; a family that the recognizer does not know is refused there. */
  family: nameSchema,
  /** BCP 47 codes; `und` where nobody said. */
  languages: z.array(z.string().min(2)).min(1),
  languageRequired: z.boolean(),
  punctuation: z.boolean(),
  /** Whether token times come from the model itself rather than from an estimate. */
  nativeTimes: z.boolean(),
  license: z.string().min(1),
  attribution: z.string(),
  /** Only for trying the system, not for real work. */
  demo: z.boolean(),
  source: sourceSchema.optional(),
  frontEnd: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('nemo-log-mel'), numMels: z.int().positive() }),
    z.strictObject({ kind: z.literal('graph'), numMels: z.int().positive() }),
  ]),
  /** Feature frames for each encoder frame. */
  subsamplingFactor: z.int().positive(),
  /** The tier meant where none is named; it need not be installed. */
  defaultTier: nameSchema,
};

export const modelManifestSchema = z.strictObject({
  ...manifestFields,
  tiers: z.record(nameSchema, tierSchema),
});

export const installedManifestSchema = z.strictObject({
  ...manifestFields,
  tiers: z.record(nameSchema, installedTierSchema),
});

export type FileRole = (typeof fileRoles)[number];
export type ModelSource = z.infer<typeof sourceSchema>;
export type ModelFile = z.infer<typeof fileSchema>;
export type InstalledFile = z.infer<typeof installedFileSchema>;
export type ModelTier = z.infer<typeof tierSchema>;
export type InstalledTier = z.infer<typeof installedTierSchema>;
export type ModelManifest = z.infer<typeof modelManifestSchema>;
export type InstalledManifest = z.infer<typeof installedManifestSchema>;

/** @throws ModelStoreError `MODEL_MANIFEST_INVALID`, naming `path` and every problem */
export function parseManifest<T>(json: string, schema: z.ZodType<T>, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw invalidManifest(path, 'it is not JSON', error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'manifest'}: ${issue.message}`,
  );
  throw invalidManifest(path, problems.join('; '), result.error);
}

/** Whether `name` may be a model id or a tier (and so a folder's name). */
export function isModelName(name: string): boolean {
  return nameSchema.safeParse(name).success;
}

/** Whether a path from outside stays inside the folder it is joined to. */
export function isSafePath(path: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is refused
  if (path.length > 500 || /[\\\u0000-\u001f:]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function checkRoles(files: readonly ModelFile[], context: z.RefinementCtx): void {
  for (const role of fileRoles) {
    const count = files.filter((file) => file.role === role).length;
    if (count === 0 && requiredRoles.includes(role)) {
      context.addIssue({ code: 'custom', message: `a file with role ${role} is missing` });
    }
    if (count > 1 && !repeatableRoles.includes(role)) {
      context.addIssue({ code: 'custom', message: `${String(count)} files have role ${role}` });
    }
  }
}

function invalidManifest(path: string, problem: string, cause: unknown): ModelStoreError {
  return new ModelStoreError('MODEL_MANIFEST_INVALID', `${path} is not a valid model: ${problem}`, {
    details: { path },
    cause,
  });
}
