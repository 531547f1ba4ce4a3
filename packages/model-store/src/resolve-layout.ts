// From the names of a folder's or repository's files to the files of one tier. Names alone decide, and only
// those a family's rules spell out: repositories also hold second copies and strays that must not be mixed in.

import { familyLayouts, findFamilyLayout } from './families/family-layouts.js';
import { type FamilyLayout, type LayoutFile } from './families/family-layout.js';

/** @returns undefined when the family is unknown or these paths do not make up the tier */
export function resolveLayout(
  paths: Iterable<string>,
  { family, tier }: { family: string; tier: string },
): LayoutFile[] | undefined {
  return findFamilyLayout(family)?.resolveTier(new Set(paths), tier);
}

/** Finds a folder's family, by config.json's `model_type` where there is one, and every tier that is complete. */
export function detectLayout(
  paths: Iterable<string>,
  modelType?: string,
): { layout: FamilyLayout; tiers: Record<string, LayoutFile[]> } | undefined {
  const known = new Set(paths);
  for (const layout of familyLayouts) {
    if (modelType !== undefined && !layout.modelTypes.includes(modelType)) continue;
    const found = layout.tiers.flatMap((tier) => {
      const files = layout.resolveTier(known, tier);
      return files ? [[tier, files] as const] : [];
    });
    if (found.length > 0) return { layout, tiers: Object.fromEntries(found) };
  }
  return undefined;
}
