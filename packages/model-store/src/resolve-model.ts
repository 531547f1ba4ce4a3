// Model id and tier → the files on this host, as a recognizer opens them, and where they came from.

import { join } from 'node:path';
import { ModelStoreError } from './errors.js';
import {
  findInstalledModel,
  type CacheOptions,
  type InstalledModel,
  type InstalledTierState,
} from './model-cache.js';
import { explainMissing, unknownTier } from './model-catalogue.js';
import {
  type FileRole,
  type InstalledManifest,
  type InstalledTier,
  type ModelSource,
} from './model-manifest.js';

/** What a recognizer needs in order to open a model; paths are absolute. Sidecars lie beside their graph. */
export type ModelDescription = {
  id: string;
  tier: string;
  family: string;
  files: {
    encoder: string;
    decoderJoint?: string;
    vocabulary: string;
    /** NeMo's `config.json`, where the model has one. */
    config?: string;
    /** The model's own feature graph, where `frontEnd.kind` is `graph`. */
    preprocessor?: string;
  };
  frontEnd: InstalledManifest['frontEnd'];
  subsamplingFactor: number;
  maxSegmentSeconds: number;
  languages: readonly string[];
  languageRequired: boolean;
  punctuation: boolean;
};

/** Which bytes made a transcript; `source` is absent for a model that was imported from a folder. */
export type ModelProvenance = {
  source?: ModelSource;
  files: { path: string; bytes: number; sha256: string }[];
};

export type ResolvedModel = {
  manifest: InstalledManifest;
  tier: string;
  description: ModelDescription;
  provenance: ModelProvenance;
};

/**
 * Finds an installed tier; without `tier`, the model's default tier or else the first that is usable.
 * @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_NOT_INSTALLED`
 */
export async function resolveModel(
  id: string,
  { root, tier }: CacheOptions & { tier?: string | undefined },
): Promise<ResolvedModel> {
  const model = await findInstalledModel(id, { root });
  const state = model && chooseTier(model, tier);
  const entry = state && model.manifest.tiers[state.tier];
  if (!state || !entry) throw await explainUnresolved(id, { model, tier });
  if (state.damagedFiles.length > 0) throw damagedTier(id, state);
  return {
    manifest: model.manifest,
    tier: state.tier,
    description: describeTier(model, { tier: state.tier, entry }),
    provenance: {
      ...(entry.source && { source: entry.source }),
      files: entry.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    },
  };
}

function chooseTier(
  { manifest, tiers }: InstalledModel,
  tier: string | undefined,
): InstalledTierState | undefined {
  if (tier !== undefined) return tiers.find((state) => state.tier === tier);
  const usable = tiers.filter((state) => state.damagedFiles.length === 0);
  return usable.find((state) => state.tier === manifest.defaultTier) ?? usable[0] ?? tiers[0];
}

function describeTier(
  { manifest, folder }: InstalledModel,
  { tier, entry }: { tier: string; entry: InstalledTier },
): ModelDescription {
  const find = (role: FileRole): string | undefined => {
    const file = entry.files.find((candidate) => candidate.role === role);
    return file && join(folder, file.path);
  };
  const [encoder, vocabulary] = [find('encoder'), find('vocabulary')];
  if (encoder === undefined || vocabulary === undefined) {
    throw new ModelStoreError(
      'MODEL_MANIFEST_INVALID',
      `${manifest.id} lacks an encoder or vocabulary.`,
    );
  }
  const decoderJoint = find('decoder-joint');
  const config = find('config');
  const preprocessor = manifest.frontEnd.kind === 'graph' ? find('preprocessor') : undefined;
  return {
    id: manifest.id,
    tier,
    family: manifest.family,
    files: {
      encoder,
      ...(decoderJoint !== undefined && { decoderJoint }),
      vocabulary,
      ...(config !== undefined && { config }),
      ...(preprocessor !== undefined && { preprocessor }),
    },
    frontEnd: manifest.frontEnd,
    subsamplingFactor: manifest.subsamplingFactor,
    maxSegmentSeconds: entry.maxSegmentSeconds,
    languages: manifest.languages,
    languageRequired: manifest.languageRequired,
    punctuation: manifest.punctuation,
  };
}

function damagedTier(id: string, { tier, damagedFiles }: InstalledTierState): ModelStoreError {
  return new ModelStoreError(
    'MODEL_NOT_INSTALLED',
    `Tier ${tier} of ${id} is incomplete: ${damagedFiles.join(', ')} missing or of the wrong size. Pull or import it again.`,
    { details: { id, tier, damagedFiles } },
  );
}

/** A tier that is neither installed nor known to the catalogue is a wrong name; else it needs a pull. */
async function explainUnresolved(
  id: string,
  { model, tier }: { model: InstalledModel | undefined; tier: string | undefined },
): Promise<ModelStoreError> {
  const error = await explainMissing(id, tier);
  if (!model || tier === undefined || error.code !== 'MODEL_UNKNOWN') return error;
  return unknownTier(id, { tier, accepted: Object.keys(model.manifest.tiers) });
}
