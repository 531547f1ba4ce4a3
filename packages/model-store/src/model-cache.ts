// What is installed on this host, and taking it away again.
// A tier is installed when model.json lists it and each of its files is there with the right size.

import { readdir, rm } from 'node:fs/promises';
import { getSystemErrorCode, ModelStoreError } from './errors.js';
import {
  findDamagedFiles,
  getModelFolder,
  readInstalledManifest,
  writeInstalledManifest,
} from './installed-manifest.js';
import { demoModel, explainMissing, unknownTier } from './model-catalogue.js';
import { withModelLock } from './model-lock.js';
import { isModelName, type InstalledManifest } from './model-manifest.js';
import { isRefused } from './tier-schema.js';

/** The root folder of the host's models; need not exist yet. */
export type CacheOptions = { root: string };

export type InstalledModel = {
  manifest: InstalledManifest;
  /** Where `model.json` lies. */
  folder: string;
  /** Comes with this package rather than from the cache. */
  bundled: boolean;
  tiers: InstalledTierState[];
};

export type InstalledTierState = {
  tier: string;
  bytes: number;
  /** Files that are missing or of the wrong size. */
  damagedFiles: string[];
  /** It differs too much from another tier: `steno models check`. */
  isRefused: boolean;
  /** Whole, and not refused. */
  isUsable: boolean;
};

/** The models of the cache, and the bundled demo model. */
export async function listInstalledModels({ root }: CacheOptions): Promise<InstalledModel[]> {
  const ids = new Set([...(await listFolder(root)).filter(isModelName), demoModel.id]);
  const models = await Promise.all([...ids].sort().map((id) => findInstalledModel(id, { root })));
  return models.filter((model) => model !== undefined);
}

/** @returns undefined when nothing is installed under this id */
export async function findInstalledModel(
  id: string,
  { root }: CacheOptions,
): Promise<InstalledModel | undefined> {
  const folder = getModelFolder(root, id);
  const cached = await readInstalledManifest(folder);
  if (cached) return describeInstalled(cached, { folder, bundled: false });
  if (id !== demoModel.id) return undefined;
  const bundled = await readInstalledManifest(demoModel.folder);
  return bundled && describeInstalled(bundled, { folder: demoModel.folder, bundled: true });
}

/**
 * Removes one tier, or the whole model, from the cache; files that another tier needs stay.
 * @throws ModelStoreError `MODEL_NOT_INSTALLED`, `MODEL_UNKNOWN_TIER`, `MODEL_BUNDLED`, `MODEL_LOCKED`
 */
export async function removeModel(
  id: string,
  { root, tier }: CacheOptions & { tier?: string | undefined },
): Promise<void> {
  const model = await findInstalledModel(id, { root });
  if (model?.bundled) {
    throw new ModelStoreError(
      'MODEL_BUNDLED',
      `${id} comes with Stenofleet: it cannot be removed.`,
    );
  }
  await withModelLock(id, { root }, async () => {
    const folder = getModelFolder(root, id);
    const manifest = await readInstalledManifest(folder);
    if (!manifest) throw await explainMissing(id, tier);
    if (tier !== undefined && !(tier in manifest.tiers)) {
      throw unknownTier(id, { tier, accepted: Object.keys(manifest.tiers) });
    }
    const kept = Object.entries(manifest.tiers).filter(([name]) => tier && name !== tier);
    if (kept.length === 0) await rm(folder, { recursive: true, force: true });
    else await writeInstalledManifest(folder, { ...manifest, tiers: Object.fromEntries(kept) });
  });
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (getSystemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function describeInstalled(
  manifest: InstalledManifest,
  { folder, bundled }: { folder: string; bundled: boolean },
): Promise<InstalledModel> {
  const tiers = await Promise.all(
    Object.entries(manifest.tiers).map(async ([tier, entry]) => {
      const damagedFiles = await findDamagedFiles(folder, entry.files);
      return {
        tier,
        bytes: entry.files.reduce((sum, file) => sum + file.bytes, 0),
        damagedFiles,
        isRefused: isRefused(entry),
        isUsable: damagedFiles.length === 0 && !isRefused(entry),
      };
    }),
  );
  return { manifest, folder, bundled, tiers };
}
