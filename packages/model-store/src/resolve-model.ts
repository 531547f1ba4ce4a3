// Model id and tier → the files on this host, as a recognizer opens them, and where they came from.

import { join } from 'node:path';
import { ModelStoreError } from './errors.js';
import { findAligners } from './find-aligners.js';
import {
  findInstalledModel,
  type CacheOptions,
  type InstalledModel,
  type InstalledTierState,
} from './model-cache.js';
import { explainMissing, unknownTier } from './model-catalogue.js';
import { type FileRole, type InstalledManifest, type InstalledTier } from './model-manifest.js';
import { type ModelProvenance } from './model-provenance.js';
import { type ModelSwitches } from './tier-schema.js';

/** Files of a tier that a recognizer opens; paths are absolute. Sidecars lie beside their graph. */
export type ModelFiles = {
  encoder: string;
  decoderJoint?: string;
  decoder?: string;
  embedTokens?: string;
  editor?: string;
  vocabulary?: string;
  tokenizer?: string;
  tokenizerConfig?: string;
  /** NeMo's `config.json`, Granite's `granite_export_metadata.json`. */
  config?: string;
  /** The model's own feature graph, where `frontEnd.kind` is `graph`. */
  preprocessor?: string;
};

/** What a recognizer needs in order to open a model. */
export type ModelDescription = {
  id: string;
  tier: string;
  family: string;
  files: ModelFiles;
  /** The tier's, and those of the manifest that it does not name. */
  switches?: ModelSwitches;
  /** CTC models that give its words their times, where it has none of its own. */
  aligners?: ModelDescription[];
  frontEnd: InstalledManifest['frontEnd'];
  subsamplingFactor: number;
  maxSegmentSeconds: number;
  languages: readonly string[];
  languageRequired: boolean;
  punctuation: boolean;
};

export type ResolvedModel = {
  manifest: InstalledManifest;
  tier: string;
  description: ModelDescription;
  provenance: ModelProvenance;
};

export type ResolveOptions = CacheOptions & {
  /** @defaultValue the model's default tier, or else the first that is usable */
  tier?: string | undefined;
  /** Also a tier that `steno models check` has refused: to check it again. @defaultValue false */
  acceptRefused?: boolean | undefined;
};

type ChosenTier = { tier: string; entry: InstalledTier };

const descriptionKeys: Partial<Record<FileRole, keyof ModelFiles>> = {
  encoder: 'encoder',
  'decoder-joint': 'decoderJoint',
  decoder: 'decoder',
  'embed-tokens': 'embedTokens',
  editor: 'editor',
  vocabulary: 'vocabulary',
  tokenizer: 'tokenizer',
  'tokenizer-config': 'tokenizerConfig',
  config: 'config',
  preprocessor: 'preprocessor',
};

/** @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_NOT_INSTALLED`, `MODEL_PARITY_FAILED` */
export async function resolveModel(id: string, options: ResolveOptions): Promise<ResolvedModel> {
  const model = await findInstalledModel(id, options);
  const state = model && chooseTier(model, options.tier);
  const entry = state && model.manifest.tiers[state.tier];
  if (!state || !entry) throw await explainUnresolved(id, { model, tier: options.tier });
  const chosen = { tier: state.tier, entry };
  if (state.damagedFiles.length > 0) throw damagedTier(id, state);
  if (state.isRefused && !options.acceptRefused) throw refusedTier(id, chosen);
  const aligners = (await findAligners(model.manifest, options)).flatMap((aligner) => {
    const resolved = resolveUsable(aligner);
    return resolved ? [resolved] : [];
  });
  const resolved = resolveTier(model, chosen);
  if (aligners.length === 0) return resolved;
  return {
    ...resolved,
    description: {
      ...resolved.description,
      aligners: aligners.map(({ description }) => description),
    },
    provenance: {
      ...resolved.provenance,
      aligners: aligners.map(({ manifest, tier, provenance: { files } }) => ({
        id: manifest.id,
        tier,
        files,
      })),
    },
  };
}

function chooseTier(
  { manifest, tiers }: InstalledModel,
  tier: string | undefined,
): InstalledTierState | undefined {
  if (tier !== undefined) return tiers.find((state) => state.tier === tier);
  const usable = tiers.filter((state) => state.isUsable);
  return usable.find((state) => state.tier === manifest.defaultTier) ?? usable[0] ?? tiers[0];
}

function resolveUsable(model: InstalledModel): ResolvedModel | undefined {
  const state = chooseTier(model, undefined);
  const entry = state?.isUsable ? model.manifest.tiers[state.tier] : undefined;
  return state && entry && resolveTier(model, { tier: state.tier, entry });
}

function resolveTier(model: InstalledModel, chosen: ChosenTier): ResolvedModel {
  const { manifest } = model;
  const { entry } = chosen;
  const description = describeTier(model, chosen);
  return {
    manifest,
    tier: chosen.tier,
    description,
    provenance: {
      ...(entry.source && { source: entry.source }),
      ...(entry.otherWeights && { otherWeights: true }),
      ...(entry.parityCheck?.forced && { parityForced: true }),
      files: entry.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
      ...(description.switches && { switches: description.switches }),
    },
  };
}

function describeTier(
  { manifest, folder }: InstalledModel,
  { tier, entry }: ChosenTier,
): ModelDescription {
  const switches = { ...manifest.switches, ...entry.switches };
  return {
    id: manifest.id,
    tier,
    family: manifest.family,
    files: describeFiles(manifest, { folder, entry }),
    ...(Object.keys(switches).length > 0 && { switches }),
    frontEnd: manifest.frontEnd,
    subsamplingFactor: manifest.subsamplingFactor,
    maxSegmentSeconds: entry.maxSegmentSeconds,
    languages: manifest.languages,
    languageRequired: manifest.languageRequired,
    punctuation: manifest.punctuation,
  };
}

function describeFiles(
  { id, frontEnd }: InstalledManifest,
  { folder, entry }: { folder: string; entry: InstalledTier },
): ModelFiles {
  const files: Partial<ModelFiles> = {};
  for (const { role, path } of entry.files) {
    const key = descriptionKeys[role];
    if (key === undefined || (key === 'preprocessor' && frontEnd.kind !== 'graph')) continue;
    files[key] = join(folder, path);
  }
  const { encoder } = files;
  if (encoder !== undefined) return { ...files, encoder };
  throw new ModelStoreError('MODEL_MANIFEST_INVALID', `${id} lacks an encoder.`);
}

function damagedTier(id: string, { tier, damagedFiles }: InstalledTierState): ModelStoreError {
  return new ModelStoreError(
    'MODEL_NOT_INSTALLED',
    `Tier ${tier} of ${id} is incomplete: ${damagedFiles.join(', ')} missing or of the wrong size. Pull or import it again.`,
    { details: { id, tier, damagedFiles } },
  );
}

function refusedTier(id: string, { tier, entry }: ChosenTier): ModelStoreError {
  const { parityCheck } = entry;
  const percent = (share = 0) => `${(100 * share).toFixed(1)} %`;
  const against = parityCheck?.against ?? '';
  return new ModelStoreError(
    'MODEL_PARITY_FAILED',
    `Tier ${tier} of ${id} differs from tier ${against} in ${percent(parityCheck?.wordErrorRate)} of the words, where ${percent(parityCheck?.maxWordErrorRate)} are allowed: use another tier, or insist with \`steno models check ${id} --tier ${tier} --against ${against} --force\`.`,
    { details: { id, tier, parityCheck } },
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
