// What model a folder holds. With a model.json the folder says so itself; without one, the family and tiers
// are found from its files, and the rest comes from config.json, the catalogue (if it knows the id) or the caller.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { getSystemErrorCode, ModelStoreError } from './errors.js';
import { type LayoutFile } from './families/family-layout.js';
import { findKnownModel } from './model-catalogue.js';
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
};

export type DescribedTier = ModelTier & { files: NonNullable<ModelTier['files']> };
export type DescribedModel = ModelManifest & { tiers: Record<string, DescribedTier> };

/** @throws ModelStoreError `MODEL_SOURCE_NOT_FOUND`, `MODEL_LAYOUT_UNKNOWN`, `MODEL_MANIFEST_INVALID`, `MODEL_CONFLICT` */
export async function describeFolder(
  folder: string,
  options: DescribeOptions,
): Promise<DescribedModel> {
  const paths = await listPaths(folder);
  const found = paths.includes('model.json')
    ? await readOwnManifest(folder, paths)
    : await detectModel(folder, { id: options.id ?? getDefaultId(folder), paths });
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

async function readOwnManifest(folder: string, paths: string[]): Promise<DescribedModel> {
  const path = join(folder, 'model.json');
  const manifest = parseManifest(await readFile(path, 'utf8'), modelManifestSchema, path);
  const tiers = mapTiers(manifest.tiers, (tier, name) => {
    const files = tier.files ?? resolveLayout(paths, { family: manifest.family, tier: name });
    if (files) return { ...tier, files };
    throw unknownLayout(folder, `the files of tier ${name}, which its model.json names`);
  });
  return { ...manifest, tiers };
}

async function detectModel(
  folder: string,
  { id, paths }: { id: string; paths: string[] },
): Promise<DescribedModel> {
  const config = await readConfig(folder);
  const detected = detectLayout(paths, config.model_type);
  if (!detected) throw unknownLayout(folder, 'a complete model of a known family');
  const known = await findKnownModel(id);
  if (known && known.family !== detected.family) {
    throw new ModelStoreError(
      'MODEL_CONFLICT',
      `${folder} holds a ${detected.family} model, but ${id} is ${known.family}. Choose another id.`,
      { details: { id, folder } },
    );
  }
  const numMels = config.features_size ?? known?.frontEnd.numMels;
  const subsamplingFactor = config.subsampling_factor ?? known?.subsamplingFactor;
  if (numMels === undefined || subsamplingFactor === undefined) {
    throw unknownLayout(folder, 'a config.json with features_size and subsampling_factor');
  }
  return {
    ...(known ?? createManifest(id, detected)),
    frontEnd: { kind: 'nemo-log-mel', numMels },
    subsamplingFactor,
    tiers: mapTiers(detected.tiers, (files, name) => describeTier(files, known?.tiers[name])),
  };
}

/** What can be said of a model that nobody described. */
function createManifest(
  id: string,
  { family, tiers }: { family: string; tiers: Record<string, LayoutFile[]> },
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
    license: 'unknown',
    attribution: '',
    demo: false,
    defaultTier: Object.keys(tiers)[0] ?? '',
  };
}

/** A tier that the catalogue knows under this id must consist of the files that are pinned there. */
function describeTier(files: LayoutFile[], known: ModelTier | undefined): DescribedTier {
  const pins = new Map(known?.files?.map((file) => [file.path, file]));
  return {
    ...(known?.description !== undefined && { description: known.description }),
    maxSegmentSeconds: known?.maxSegmentSeconds ?? defaultMaxSegmentSeconds,
    files: files.map((file) => ({ ...pins.get(file.path), ...file })),
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
