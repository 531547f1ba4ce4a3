import { type FileRole } from '../model-manifest.js';

export type LayoutFile = { role: FileRole; path: string };

/** What a family's exports look like. */
export type FamilyLayout = {
  family: string;
  /** `model_type` in config.json. */
  modelTypes: readonly string[];
  /** The tiers to look for where nobody names one, the one to prefer first. */
  tiers: readonly string[];
  /** @returns undefined when these paths do not make up the tier */
  resolveTier: (paths: ReadonlySet<string>, tier: string) => LayoutFile[] | undefined;
};
