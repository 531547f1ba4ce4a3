// What is kept of an installed tier besides its files: its switches, and how it compared with another tier.

import { ModelStoreError } from './errors.js';
import {
  getModelFolder,
  readInstalledManifest,
  writeInstalledManifest,
} from './installed-manifest.js';
import { findInstalledModel, type CacheOptions } from './model-cache.js';
import { explainMissing, findKnownModel, unknownTier } from './model-catalogue.js';
import { withModelLock } from './model-lock.js';
import {
  installedManifestSchema,
  parseManifest,
  type InstalledManifest,
  type InstalledTier,
} from './model-manifest.js';
import { isRefused, type ModelSwitches, type ParityCheck } from './tier-schema.js';

type TierOptions = CacheOptions & {
  /** @defaultValue every installed tier */
  tier?: string | undefined;
};

/**
 * Sets switches of installed tiers; `undefined` gives one back to its default, the catalogue's where that has one.
 * @returns the tiers that were changed
 * @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_NOT_INSTALLED`, `MODEL_BUNDLED`, `MODEL_LOCKED`,
 * `MODEL_MANIFEST_INVALID`
 */
export async function setSwitches(
  id: string,
  {
    switches,
    ...options
  }: TierOptions & { switches: Readonly<Record<string, ModelSwitches[string] | undefined>> },
): Promise<string[]> {
  const known = await findKnownModel(id);
  return changeTiers(id, options, (tier, name) => {
    const defaults = known?.tiers[name]?.switches;
    const kept = Object.entries({ ...tier.switches, ...switches })
      .map(([key, value]) => [key, value ?? defaults?.[key]] as const)
      .filter(([, value]) => value !== undefined);
    const changed = { ...tier, switches: Object.fromEntries(kept) as ModelSwitches };
    // A tier that was accepted was so with other switches; one that was refused needs another check all the same.
    return isRefused(tier) ? changed : { ...changed, parityCheck: undefined };
  });
}

/** Keeps the result of a comparison with the installed tier. @throws ModelStoreError as {@link setSwitches} */
export async function recordParityCheck(
  id: string,
  { parityCheck, ...options }: CacheOptions & { tier: string; parityCheck: ParityCheck },
): Promise<void> {
  await changeTiers(id, options, (tier) => ({ ...tier, parityCheck }));
}

async function changeTiers(
  id: string,
  { root, tier }: TierOptions,
  change: (tier: InstalledTier, name: string) => InstalledTier,
): Promise<string[]> {
  const model = await findInstalledModel(id, { root });
  if (!model) throw await explainMissing(id, tier);
  if (model.bundled) {
    throw new ModelStoreError(
      'MODEL_BUNDLED',
      `${id} comes with Stenofleet: it cannot be changed.`,
    );
  }
  return withModelLock(id, { root }, async () => {
    const folder = getModelFolder(root, id);
    const manifest = await readInstalledManifest(folder);
    if (!manifest) throw await explainMissing(id, tier);
    const names = Object.keys(manifest.tiers).filter((name) => tier === undefined || name === tier);
    if (names.length === 0) {
      throw unknownTier(id, { tier: tier ?? '', accepted: Object.keys(manifest.tiers) });
    }
    const tiers = Object.entries(manifest.tiers).map(
      ([name, entry]) => [name, names.includes(name) ? change(entry, name) : entry] as const,
    );
    const changed: InstalledManifest = { ...manifest, tiers: Object.fromEntries(tiers) };
    // A switch comes from outside, too.
    parseManifest(JSON.stringify(changed), installedManifestSchema, folder);
    await writeInstalledManifest(folder, changed);
    return names;
  });
}
