import { listInstalledModels, type CacheOptions, type InstalledModel } from './model-cache.js';
import { type InstalledManifest } from './model-manifest.js';

/**
 * Installed CTC models that can give a model without times of its own its word times: the one that its manifest names,
 * then, for each language that is left, the first that knows it.
 */
export async function findAligners(
  { nativeTimes, aligner, languages }: InstalledManifest,
  { root }: CacheOptions,
): Promise<InstalledModel[]> {
  if (nativeTimes) return [];
  const installed = await listInstalledModels({ root });
  const isNamed = ({ manifest }: InstalledModel) => Number(manifest.id === aligner);
  const candidates = installed
    .filter(({ manifest }) => manifest.family === 'nemo-ctc')
    .filter(({ tiers }) => tiers.some(({ isUsable }) => isUsable))
    .sort((a, b) => isNamed(b) - isNamed(a));
  const left = new Set(languages);
  return candidates.filter(({ manifest }) => {
    const covered = manifest.languages.filter((language) => left.delete(language));
    return covered.length > 0;
  });
}
