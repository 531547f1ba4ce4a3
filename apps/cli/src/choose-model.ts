import {
  demoModel,
  findInstalledModel,
  resolveModel,
  type ResolvedModel,
} from '@stenofleet/model-store';

/** For real work; the demo model is for trying the system. */
export const RECOMMENDED_MODEL = 'parakeet-tdt-0.6b-v3';

/**
 * The model that was named, or else the recommended one if it is installed, or else the demo model.
 * @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_NOT_INSTALLED`
 */
export async function chooseModel(
  wish: { model: string | undefined; tier: string | undefined },
  root: string,
): Promise<ResolvedModel> {
  const id = wish.model ?? ((await hasRecommended(root)) ? RECOMMENDED_MODEL : demoModel.id);
  return resolveModel(id, { root, tier: wish.tier });
}

async function hasRecommended(root: string): Promise<boolean> {
  const installed = await findInstalledModel(RECOMMENDED_MODEL, { root });
  return installed?.tiers.some(({ isUsable }) => isUsable) ?? false;
}
