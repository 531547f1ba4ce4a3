// What model a folder holds. With a model.json the folder says so itself; without one, the family and tiers
// are found from its files, and the rest comes from config.json, the catalogue (if it knows the id) or the caller.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { getSystemErrorCode, ModelStoreError } from './errors.js';
import { type FamilyLayout, type LayoutFile } from './families/family-layout.js';
import { findKnownModel, unknownTier } from './model-catalogue.js';
import {
  isModelName,
  modelManifestSchema,
  parseManifest,
  type ModelManifest,
  type ModelTier,
} from './model-manifest.js';
import { detectLayout, resolveLayout } from './resolve-layout.js';

const defaultMaxSegmentSeconds = 20;

const configSchema = z.object({
  model_type: z.string().optional(),
  features_size: z.int().positive().optional(),
  subsampling_factor: z.int().positive().optional(),
});

export type DescribeOptions = {
  /** @defaultValue model.json's, or else made from the folder's name */
  id?: string | undefined;
  /** Longest segment of every tier, in seconds. @defaultValue model.json's, the catalogue's, or else 20 */
  maxSegmentSeconds?: number | undefined;
  /** BCP 47 codes. @defaultValue model.json's, the catalogue's, or else `und` */
  languages?: string[] | undefined;
  license?: string | undefined;
  /** The one tier to take, or the name to give to the only one there is. @defaultValue every complete tier */
  tier?: string | undefined;
  /** The files are not those which the catalogue pins under this id: the tiers are marked so. @defaultValue false */
  otherWeights?: boolean | undefined;
};

export type DescribedTier = ModelTier & { files: NonNullable<ModelTier['files']> };
export type DescribedModel = ModelManifest & { tiers: Record<string, DescribedTier> };

/**
 * @throws ModelStoreError `MODEL_SOURCE_NOT_FOUND`, `MODEL_LAYOUT_UNKNOWN`, `MODEL_MANIFEST_INVALID`, `MODEL_CONFLICT`,
 * `MODEL_UNKNOWN_TIER`, `MODEL_FILE_CORRUPT`
 */
export async function describeFolder(
  folder: string,
  options: DescribeOptions,
): Promise<DescribedModel> {
  const paths = await listPaths(folder);
  const found = paths.includes('model.json')
    ? await readOwnManifest(folder, { paths, options })
    : await detectModel(folder, { id: options.id ?? getDefaultId(folder), paths, options });
  const { id = found.id, languages = found.languages, license = found.license } = options;
  const tiers = mapTiers(found.tiers, (tier) => ({
    ...tier,
    maxSegmentSeconds: options.maxSegmentSeconds ?? tier.maxSegmentSeconds,
  }));
  const described = { ...found, id, languages, license, tiers };
  // What the caller said comes from outside, too.
  parseManifest(JSON.stringify(described), modelManifestSchema, folder);
  return described;
}

type Search = { paths: string[]; options: DescribeOptions };

async function readOwnManifest(
  folder: string,
  { paths, options }: Search,
): Promise<DescribedModel> {
  const path = join(folder, 'model.json');
  const manifest = parseManifest(await readFile(path, 'utf8'), modelManifestSchema, path);
  const { id = manifest.id, otherWeights } = options;
  const known = await findKnownModel(id);
  const chosen = chooseTiers(manifest.tiers, { id: manifest.id, tier: options.tier });
  const tiers = mapTiers(chosen, (tier, name) => {
    const files = tier.files ?? resolveLayout(paths, { family: manifest.family, tier: name });
    if (files && otherWeights) return describeOtherWeights(files, tier);
    if (files && tier.otherWeights) return { ...tier, files };
    if (files) return { ...tier, files: pinFiles(files, { known, name, folder }) };
    throw unknownLayout(folder, `the files of tier ${name}, which its model.json names`);
  });
  return { ...manifest, tiers };
}

async function detectModel(
  folder: string,
  { id, paths, options }: Search & { id: string },
): Promise<DescribedModel> {
  const config = await readConfig(folder);
  const detected = detectLayout(paths, config.model_type);
  if (!detected) throw unknownLayout(folder, 'a complete model of a known family');
  const { layout } = detected;
  const known = await findKnownModel(id);
  if (known && known.family !== layout.family) {
    throw new ModelStoreError(
      'MODEL_CONFLICT',
      `${folder} holds a ${layout.family} model, but ${id} is ${known.family}. Choose another id.`,
      { details: { id, folder } },
    );
  }
  const numMels =
    config.features_size ?? (known && 'numMels' in known.frontEnd && known.frontEnd.numMels);
  const frontEnd =
    layout.traits.frontEnd ?? (numMels ? { kind: 'nemo-log-mel' as const, numMels } : undefined);
  const subsamplingFactor =
    config.subsampling_factor ?? known?.subsamplingFactor ?? layout.traits.subsamplingFactor;
  if (frontEnd === undefined || subsamplingFactor === undefined) {
    throw unknownLayout(folder, 'a config.json with features_size and subsampling_factor');
  }
  const tiers = chooseTiers(detected.tiers, { id, tier: options.tier });
  return {
    ...(known ?? createManifest(id, { layout, tiers: Object.keys(tiers) })),
    frontEnd,
    subsamplingFactor,
    tiers: mapTiers(tiers, (files, name) =>
      options.otherWeights
        ? describeOtherWeights(files, known?.tiers[name])
        : describeTier(files, { known, name, folder }),
    ),
  };
}

/** A tier that was asked for: the one of that name, or the only one there is. */
function chooseTiers<Tier>(
  tiers: Record<string, Tier>,
  { id, tier }: { id: string; tier: string | undefined },
): Record<string, Tier> {
  if (tier === undefined) return tiers;
  const [only, ...others] = Object.values(tiers);
  const chosen = tiers[tier] ?? (others.length === 0 ? only : undefined);
  if (chosen !== undefined) return { [tier]: chosen };
  throw unknownTier(id, { tier, accepted: Object.keys(tiers) });
}

/** What can be said of a model that nobody described. */
function createManifest(
  id: string,
  { layout: { family, traits }, tiers }: { layout: FamilyLayout; tiers: readonly string[] },
): Omit<ModelManifest, 'frontEnd' | 'subsamplingFactor' | 'tiers'> {
  return {
    schemaVersion: 1,
    id,
    name: id,
    description: 'Imported from a folder.',
    family,
    languages: ['und'],
    languageRequired: false,
    punctuation: false,
    nativeTimes: true,
    ...traits,
    license: 'unknown',
    attribution: '',
    demo: false,
    defaultTier: tiers[0] ?? '',
  };
}

type Place = { known: ModelManifest | undefined; name: string; folder: string };

/** A tier that the catalogue pins under this id comes from where its files do. */
function describeTier(files: LayoutFile[], { known, name, folder }: Place): DescribedTier {
  const { source = known?.source, ...facts } = known?.tiers[name] ?? {};
  const pinned = pinFiles(files, { known, name, folder });
  const isPublished = pinned.every(({ sha256 }) => sha256 !== undefined);
  return {
    maxSegmentSeconds: defaultMaxSegmentSeconds,
    ...facts,
    ...(isPublished && source && { source }),
    files: pinned,
  };
}

/** A tier that the catalogue pins under this id must consist of those files. @throws ModelStoreError `MODEL_FILE_CORRUPT` */
function pinFiles(
  files: readonly LayoutFile[],
  { known, name, folder }: Place,
): DescribedTier['files'] {
  const pins = new Map(known?.tiers[name]?.files?.map((file) => [file.path, file]));
  const pinned = files.map((file) => ({ ...file, ...pins.get(file.path), role: file.role }));
  const encoder = pinned.find(({ role }) => role === 'encoder');
  if (known && pins.size > 0 && !pins.has(encoder?.path ?? '')) {
    throw new ModelStoreError(
      'MODEL_FILE_CORRUPT',
      `${folder} does not hold the published files of ${known.id} (tier ${name}): its ${encoder?.path ?? 'encoder'} is none of them. Import it under another id, or with --other-weights.`,
      { details: { id: known.id, tier: name, folder } },
    );
  }
  return pinned;
}

/** What holds for other weights in the place of a tier; figures and pins do not. */
function describeOtherWeights(files: LayoutFile[], known: ModelTier | undefined): DescribedTier {
  return {
    description: 'Not the published weights.',
    maxSegmentSeconds: known?.maxSegmentSeconds ?? defaultMaxSegmentSeconds,
    ...(known?.betterTier !== undefined && { betterTier: known.betterTier }),
    ...(known?.switches && { switches: known.switches }),
    otherWeights: true,
    files: files.map(({ role, path }) => ({ role, path })),
  };
}

/** The files of the folder and of its immediate subfolders, as relative paths; links count as files. */
async function listPaths(folder: string): Promise<string[]> {
  const read = (path: string) => readdir(path, { withFileTypes: true });
  try {
    const entries = await read(folder);
    const folders = entries.filter((entry) => entry.isDirectory());
    const nested = await Promise.all(
      folders.map(async ({ name }) =>
        (await read(join(folder, name))).map((entry) => `${name}/${entry.name}`),
      ),
    );
    return [...entries.map((entry) => entry.name), ...nested.flat()];
  } catch (error) {
    const code = getSystemErrorCode(error) ?? 'unknown error';
    throw new ModelStoreError(
      'MODEL_SOURCE_NOT_FOUND',
      `The folder ${folder} cannot be read (${code}).`,
      { details: { folder }, cause: error },
    );
  }
}

async function readConfig(folder: string): Promise<z.infer<typeof configSchema>> {
  const path = join(folder, 'config.json');
  try {
    return parseManifest(await readFile(path, 'utf8'), configSchema, path);
  } catch (error) {
    if (getSystemErrorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

function getDefaultId(folder: string): string {
  const id = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|[._-]+$/g, '');
  if (isModelName(id)) return id;
  throw new ModelStoreError(
    'MODEL_MANIFEST_INVALID',
    `No model id can be made from the name of ${folder}: give one with --id.`,
    { details: { folder } },
  );
}

function mapTiers<From, To>(
  tiers: Record<string, From>,
  change: (tier: From, name: string) => To,
): Record<string, To> {
  const changed = Object.entries(tiers).map(([name, tier]) => [name, change(tier, name)] as const);
  return Object.fromEntries(changed);
}

function unknownLayout(folder: string, missing: string): ModelStoreError {
  return new ModelStoreError('MODEL_LAYOUT_UNKNOWN', `${folder} does not have ${missing}.`, {
    details: { folder },
  });
}
