import { findInstalledModel, type CacheOptions } from './model-cache.js';
import { resolveModel, type ResolvedModel } from './resolve-model.js';

/** The tier to try where this one fails; undefined where there is none, or none that this host can use. */
export async function resolveBetterTier(
  { manifest: { id, tiers }, tier }: ResolvedModel,
  options: CacheOptions,
): Promise<ResolvedModel | undefined> {
  const better = tiers[tier]?.betterTier;
  if (better === undefined) return undefined;
  const model = await findInstalledModel(id, options);
  const isUsable = model?.tiers.some((state) => state.tier === better && state.isUsable);
  return isUsable ? resolveModel(id, { ...options, tier: better }) : undefined;
}
