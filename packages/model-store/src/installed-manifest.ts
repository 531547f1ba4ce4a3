// The models on this host. On disk, under one root:
//
//   <root>/<model id>/model.json                    what is installed; written last, by rename
//   <root>/<model id>/<commit or local-…>/<path>    the files, under their names in the repository
//   <root>/.<model id>.lock                         while a model is being changed
//
// Plain files and relative paths only: a model's folder can be copied to another host's root as it is.

import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeFiles, writeFileAtomically } from './durable-files.js';
import { getSystemErrorCode, ModelStoreError } from './errors.js';
import {
  installedManifestSchema,
  isModelName,
  parseManifest,
  type InstalledFile,
  type InstalledManifest,
  type InstalledTier,
} from './model-manifest.js';

/** A model's folder in the cache, as an absolute path. @throws ModelStoreError `MODEL_UNKNOWN` for what cannot be an id */
export function getModelFolder(root: string, id: string): string {
  if (isModelName(id)) return resolve(root, id);
  throw new ModelStoreError(
    'MODEL_UNKNOWN',
    `"${id}" cannot be a model: an id is lower-case letters and digits, joined by ".", "_" or "-".`,
    { details: { id } },
  );
}

/** @returns undefined when the folder holds no model */
export async function readInstalledManifest(
  folder: string,
): Promise<InstalledManifest | undefined> {
  const path = join(folder, 'model.json');
  try {
    return parseManifest(await readFile(path, 'utf8'), installedManifestSchema, path);
  } catch (error) {
    if (getSystemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes `manifest` the installed one, then removes what only its predecessor needed. Hold the model's lock. */
export async function writeInstalledManifest(
  folder: string,
  manifest: InstalledManifest,
): Promise<void> {
  const previous = await readInstalledManifest(folder);
  const json = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFileAtomically(join(folder, 'model.json'), json);
  const needed = new Set(listPaths(manifest));
  const obsolete = previous ? listPaths(previous).filter((path) => !needed.has(path)) : [];
  await removeFiles(folder, obsolete);
}

/**
 * Adds tiers to what is installed; everything else comes from `manifest`.
 * @throws ModelStoreError `MODEL_CONFLICT` when the tiers could not be of one and the same model
 */
export function mergeTiers(
  installed: InstalledManifest | undefined,
  manifest: InstalledManifest,
): InstalledManifest {
  if (!installed) return manifest;
  const [before, after] = [describeIdentity(installed), describeIdentity(manifest)];
  const tiers = [installed, manifest].flatMap((model) => Object.values(model.tiers));
  if (before === after && haveOneVocabulary(tiers)) {
    return { ...manifest, tiers: { ...installed.tiers, ...manifest.tiers } };
  }
  throw new ModelStoreError(
    'MODEL_CONFLICT',
    `Another model is already installed as ${manifest.id}. Remove it first, or choose another id.`,
    { details: { id: manifest.id, installed: before, wanted: after } },
  );
}

/** The files among these that are missing or of the wrong size. */
export async function findDamagedFiles(
  folder: string,
  files: readonly InstalledFile[],
): Promise<string[]> {
  const sizes = await Promise.all(
    files.map((file) => stat(join(folder, file.path)).catch(() => undefined)),
  );
  return files.filter((file, i) => sizes[i]?.size !== file.bytes).map((file) => file.path);
}

/** What all tiers of one model have in common. */
function describeIdentity({ family, frontEnd, subsamplingFactor }: InstalledManifest): string {
  return JSON.stringify([family, frontEnd, subsamplingFactor]);
}

/**
 * Tiers of one repository, or all of those without one, share a vocabulary. Another repository may write it otherwise,
 * and other weights may have one of their own.
 */
function haveOneVocabulary(tiers: readonly InstalledTier[]): boolean {
  const known = new Map<string, string>();
  return tiers.every(({ source, otherWeights, files }) => {
    if (otherWeights) return true;
    const vocabulary = files.find((file) => file.role === 'vocabulary')?.sha256;
    const place = source ? `${source.repository}@${source.revision}` : 'local';
    const expected = known.get(place) ?? vocabulary;
    if (expected !== undefined) known.set(place, expected);
    return vocabulary === undefined || vocabulary === expected;
  });
}

function listPaths(manifest: InstalledManifest): string[] {
  return Object.values(manifest.tiers).flatMap((tier) => tier.files.map((file) => file.path));
}
