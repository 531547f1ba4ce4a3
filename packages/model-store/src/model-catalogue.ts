// The models that this package knows: manifests/ (on the hub) and demo-en/ (bundled with its files).

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelStoreError } from './errors.js';
import { modelManifestSchema, parseManifest, type ModelManifest } from './model-manifest.js';

// Both folders lie beside src/ and dist/ alike.
const manifestsFolder = fileURLToPath(new URL('../manifests/', import.meta.url));

/** The bundled demo model: its id is the folder's name, and it can always be resolved. */
export const demoModel = {
  id: 'demo-en',
  folder: fileURLToPath(new URL('../demo-en', import.meta.url)),
} as const;

/** Every model that can be pulled, and the demo model. */
export async function listKnownModels(): Promise<ModelManifest[]> {
  const names = (await readdir(manifestsFolder)).filter((name) => name.endsWith('.json')).sort();
  const paths = names.map((name) => join(manifestsFolder, name));
  return Promise.all(
    [join(demoModel.folder, 'model.json'), ...paths].map(async (path) =>
      parseManifest(await readFile(path, 'utf8'), modelManifestSchema, path),
    ),
  );
}

export async function findKnownModel(id: string): Promise<ModelManifest | undefined> {
  return (await listKnownModels()).find((manifest) => manifest.id === id);
}

/** Why a model that is not installed cannot be used: not known at all, no such tier, or not pulled yet. */
export async function explainMissing(
  id: string,
  tier: string | undefined,
): Promise<ModelStoreError> {
  const known = await findKnownModel(id);
  if (!known) {
    return new ModelStoreError(
      'MODEL_UNKNOWN',
      `No model "${id}" is installed or known; \`steno models list\` shows what there is.`,
      { details: { id } },
    );
  }
  if (tier !== undefined && !(tier in known.tiers)) {
    return unknownTier(id, { tier, accepted: Object.keys(known.tiers) });
  }
  const { source } = known.tiers[tier ?? known.defaultTier] ?? {};
  if (!source && !known.source) return explainNoSource(id);
  const option = tier === undefined ? '' : ` --tier ${tier}`;
  return new ModelStoreError(
    'MODEL_NOT_INSTALLED',
    `${id}${tier === undefined ? '' : ` (tier ${tier})`} is not installed: run \`steno models pull ${id}${option}\`.`,
    { details: { id, ...(tier !== undefined && { tier }) } },
  );
}

/** A model that the catalogue describes and no public repository has. */
export function explainNoSource(id: string): ModelStoreError {
  return new ModelStoreError(
    'MODEL_NOT_INSTALLED',
    `${id} is not installed, and no repository is known to have it: import its folder with \`steno models import <folder> --id ${id}\`.`,
    { details: { id } },
  );
}

export function unknownTier(
  id: string,
  { tier, accepted }: { tier: string; accepted: string[] },
): ModelStoreError {
  return new ModelStoreError(
    'MODEL_UNKNOWN_TIER',
    `${id} has no tier "${tier}"; it has ${accepted.join(', ')}.`,
    { details: { id, tier, accepted } },
  );
}
