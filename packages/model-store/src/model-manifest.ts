// `model.json`: what a model is, which tiers it has and which files each tier needs.
// A catalogue manifest (manifests/) describes what can be had, from one or several hub repositories; an installed one
// lies in the model's folder, names every file relative to itself and knows every size and sha-256.

import { z } from 'zod';
import { ModelStoreError } from './errors.js';
import { findFamilyLayout } from './families/family-layouts.js';
import {
  fileRoles,
  installedTierSchema,
  nameSchema,
  sourceSchema,
  switchesSchema,
  tierSchema,
  type ModelFile,
} from './tier-schema.js';

export { isSafePath } from './tier-schema.js';
export type {
  FileRole,
  InstalledFile,
  InstalledTier,
  ModelFile,
  ModelSource,
  ModelTier,
} from './tier-schema.js';

const numMels = z.int().positive();

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
  /** Whether token times come from the model itself rather than from an aligner or an estimate. */
  nativeTimes: z.boolean(),
  /** The CTC model that gives its words their times, where it is installed. */
  aligner: nameSchema.optional(),
  license: z.string().min(1),
  /** Where its text can be read. */
  licenseUrl: z.url({ protocol: /^https$/ }).optional(),
  attribution: z.string(),
  /** Only for trying the system, not for real work. */
  demo: z.boolean(),
  source: sourceSchema.optional(),
  frontEnd: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('nemo-log-mel'), numMels }),
    z.strictObject({ kind: z.literal('granite-log-mel'), numMels }),
    z.strictObject({ kind: z.literal('graph'), numMels }),
    /** The encoder's own inputs say what they want. */
    z.strictObject({ kind: z.literal('from-graph') }),
  ]),
  /** Feature frames for each encoder frame. */
  subsamplingFactor: z.int().positive(),
  switches: switchesSchema.optional(),
  /** The tier meant where none is named; it need not be installed. */
  defaultTier: nameSchema,
};

export const modelManifestSchema = z
  .strictObject({ ...manifestFields, tiers: z.record(nameSchema, tierSchema) })
  .superRefine(checkRoles);

export const installedManifestSchema = z
  .strictObject({ ...manifestFields, tiers: z.record(nameSchema, installedTierSchema) })
  .superRefine(checkRoles);

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

type Tiers = Record<string, { files?: readonly ModelFile[] | undefined }>;

function checkRoles(
  { family, tiers }: { family: string; tiers: Tiers },
  context: z.RefinementCtx,
): void {
  const requiredRoles = findFamilyLayout(family)?.requiredRoles ?? [['encoder']];
  for (const [tier, { files }] of Object.entries(tiers)) {
    if (!files) continue;
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: ['tiers', tier, 'files'], message });
    for (const group of requiredRoles) {
      if (!files.some(({ role }) => group.includes(role))) {
        refuse(`a file with role ${group.join(' or ')} is missing`);
      }
    }
    for (const role of fileRoles.filter((candidate) => !candidate.endsWith('-data'))) {
      const count = files.filter((file) => file.role === role).length;
      if (count > 1) refuse(`${String(count)} files have role ${role}`);
    }
  }
}

function invalidManifest(path: string, problem: string, cause: unknown): ModelStoreError {
  return new ModelStoreError('MODEL_MANIFEST_INVALID', `${path} is not a valid model: ${problem}`, {
    details: { path },
    cause,
  });
}
