// From the names of a folder's or repository's files to the files of one tier. Names alone decide, and only
// those a family's rules spell out: repositories also hold second copies and strays that must not be mixed in.

import { type FamilyLayout, type LayoutFile } from './families/family-layout.js';
import { nemoCtcLayout } from './families/nemo-ctc.js';
import { nemoTdtLayout } from './families/nemo-tdt.js';

/** One line for each family. */
const familyLayouts: readonly FamilyLayout[] = [nemoTdtLayout, nemoCtcLayout];

/** @returns undefined when the family is unknown or these paths do not make up the tier */
export function resolveLayout(
  paths: Iterable<string>,
  { family, tier }: { family: string; tier: string },
): LayoutFile[] | undefined {
  const layout = familyLayouts.find((candidate) => candidate.family === family);
  return layout?.resolveTier(new Set(paths), tier);
}

/** Finds a folder's family, by config.json's `model_type` where there is one, and every tier that is complete. */
export function detectLayout(
  paths: Iterable<string>,
  modelType?: string,
): { family: string; tiers: Record<string, LayoutFile[]> } | undefined {
  const known = new Set(paths);
  for (const { family, modelTypes, tiers, resolveTier } of familyLayouts) {
    if (modelType !== undefined && !modelTypes.includes(modelType)) continue;
    const found = tiers.flatMap((tier) => {
      const files = resolveTier(known, tier);
      return files ? [[tier, files] as const] : [];
    });
    if (found.length > 0) return { family, tiers: Object.fromEntries(found) };
  }
  return undefined;
}
