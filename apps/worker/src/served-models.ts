// Which models and tiers this host takes work for.

import { isModelFamily, planLaneCount, type MachineLimits } from '@stenofleet/asr-core';
import {
  countModelBytes,
  findInstalledModel,
  listInstalledModels,
  resolveBetterTier,
  resolveModel,
  type ResolvedModel,
  withBetterTier,
} from '@stenofleet/model-store';
import { CodedError } from '@stenofleet/shared/errors';
import { planMaxPrivateBytes, planMemoryNeed } from './memory-plan.js';

export type ServedModel = {
  /** `model:tier`. */
  key: string;
  model: string;
  tier: string;
  isDefaultTier: boolean;
  resolved: ResolvedModel;
  laneCount: number;
  memoryNeedBytes: number;
  maxPrivateBytes: number;
  /** For jobs that allow it, what the guards do not let pass is tried in this. */
  betterTier?: ServedModel;
};

export type ServedModelsOptions = {
  /** Folder of installed models. */
  root: string;
  limits: MachineLimits;
  lanes?: number | undefined;
  maxPrivateBytes?: number | undefined;
};

/**
 * Wishes are `model`, `model:tier` or `*` (all that is installed and usable).
 * @throws ModelStoreError `MODEL_…`; CodedError `CONFIG_INVALID` where nothing is left to serve
 */
export async function resolveServedModels(
  wishes: readonly string[],
  options: ServedModelsOptions,
): Promise<ServedModel[]> {
  const served = new Map<string, ServedModel>();
  for (const wish of wishes) {
    for (const { id, tier } of await expandWish(wish, options.root)) {
      const resolved = await resolveModel(id, { root: options.root, tier });
      const model = await describeServed(resolved, options);
      served.set(model.key, model);
    }
  }
  for (const model of served.values()) {
    const better = await resolveBetterTier(model.resolved, { root: options.root });
    // Beside the model that work is for, one lane is what a doubtful segment now and then needs.
    const betterTier = better && (await describeServed(better, { ...options, lanes: 1 }));
    if (betterTier) model.betterTier = served.get(betterTier.key) ?? betterTier;
  }
  if (served.size === 0) {
    throw new CodedError(
      'CONFIG_INVALID',
      `STENO_MODELS (${wishes.join(', ')}) leaves no model to serve. Install one with "steno models pull".`,
    );
  }
  return [...served.values()];
}

/** All that makes the words of such a job. */
export function getMaker(
  { resolved, betterTier }: Pick<ServedModel, 'resolved' | 'betterTier'>,
  plan: { betterTier?: boolean | undefined },
): ResolvedModel {
  return plan.betterTier && betterTier ? withBetterTier(resolved, betterTier.resolved) : resolved;
}

async function expandWish(
  wish: string,
  root: string,
): Promise<{ id: string; tier: string | undefined }[]> {
  if (wish === '*') {
    const models = await listInstalledModels({ root });
    return models
      .filter(({ manifest }) => isModelFamily(manifest.family))
      .flatMap(({ manifest, tiers }) =>
        tiers.filter(({ isUsable }) => isUsable).map(({ tier }) => ({ id: manifest.id, tier })),
      );
  }
  const [id = '', tier] = wish.split(':');
  return [{ id, tier }];
}

async function describeServed(
  resolved: ResolvedModel,
  { root, limits, lanes, maxPrivateBytes }: ServedModelsOptions,
): Promise<ServedModel> {
  const { manifest, tier } = resolved;
  const modelBytes = countModelBytes(resolved);
  const laneCount = lanes ?? planLaneCount({ ...limits, modelBytes });
  return {
    key: `${manifest.id}:${tier}`,
    model: manifest.id,
    tier,
    isDefaultTier: tier === (await findDefaultTier(manifest.id, root)),
    resolved,
    laneCount,
    memoryNeedBytes: planMemoryNeed({ modelBytes, laneCount }),
    maxPrivateBytes: maxPrivateBytes ?? planMaxPrivateBytes({ modelBytes, laneCount }),
  };
}

/** The one that a job gets which names none: as `resolveModel` chooses. */
async function findDefaultTier(id: string, root: string): Promise<string | undefined> {
  const model = await findInstalledModel(id, { root });
  return model && (await resolveModel(id, { root })).tier;
}
