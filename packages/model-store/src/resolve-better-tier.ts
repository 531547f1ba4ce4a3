import { findInstalledModel, type CacheOptions } from './model-cache.js';
import { resolveModel, type ResolvedModel } from './resolve-model.js';

/** The tier to try where this one fails; undefined where there is none, or none that this host can use. */
export async function resolveBetterTier(
  { manifest: { id, tiers }, tier }: ResolvedModel,
  options: CacheOptions,
): Promise<ResolvedModel | undefined> {
  const better = tiers[tier]?.betterTier;
  // In a ring, segments that hold room in one tier could wait for one another's in the next.
  if (better === undefined || leadsTo(tier, { tiers, from: better })) return undefined;
  const model = await findInstalledModel(id, options);
  const isUsable = model?.tiers.some((state) => state.tier === better && state.isUsable);
  return isUsable ? resolveModel(id, { ...options, tier: better }) : undefined;
}

/** The model with a better tier for what is doubtful: what they make together is neither's alone. */
export function withBetterTier(model: ResolvedModel, better: ResolvedModel): ResolvedModel {
  const { tier, provenance } = better;
  const { files, switches } = provenance;
  const betterTier = { tier, files, ...(switches && { switches }) };
  return { ...model, provenance: { ...model.provenance, betterTier } };
}

function leadsTo(
  tier: string,
  { tiers, from }: { tiers: ResolvedModel['manifest']['tiers']; from: string },
): boolean {
  const passed = new Set<string>();
  for (let at: string | undefined = from; at !== undefined; at = tiers[at]?.betterTier) {
    if (at === tier) return true;
    if (passed.has(at)) return false;
    passed.add(at);
  }
  return false;
}
