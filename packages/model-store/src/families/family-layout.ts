import { type FileRole, type ModelManifest } from '../model-manifest.js';

export type LayoutFile = { role: FileRole; path: string };

/** What a family's exports look like. */
export type FamilyLayout = {
  family: string;
  /** `model_type` in config.json. */
  modelTypes: readonly string[];
  /** The tiers to look for where nobody names one, the one to prefer first. */
  tiers: readonly string[];
  /** A tier needs one file of each of these groups. */
  requiredRoles: readonly (readonly FileRole[])[];
  /** What holds for every model of the family; an import finds the rest in config.json, the catalogue or its options. */
  traits: Partial<
    Pick<
      ModelManifest,
      | 'frontEnd'
      | 'subsamplingFactor'
      | 'languages'
      | 'languageRequired'
      | 'punctuation'
      | 'nativeTimes'
    >
  >;
  /** @returns undefined when these paths do not make up the tier */
  resolveTier: (paths: ReadonlySet<string>, tier: string) => LayoutFile[] | undefined;
};
