// Which bytes and switches make a transcript.

import { type InstalledManifest, type ModelSource } from './model-manifest.js';
import { type ModelSwitches } from './tier-schema.js';

type FileProvenance = { path: string; bytes: number; sha256: string };

/** Which bytes made a transcript. */
export type ModelProvenance = {
  /** Absent for a model that was imported from a folder, unless its files are the published ones. */
  source?: ModelSource;
  /** Somebody's own files under the id of a published model. */
  otherWeights?: true;
  /** Used beyond the word error rate that its manifest allows. */
  parityForced?: true;
  files: FileProvenance[];
  switches?: ModelSwitches;
  /** The models that made the times of words. */
  aligners?: { id: string; tier: string; files: FileProvenance[] }[];
  /** The tier that heard again what was doubtful. */
  betterTier?: { tier: string; files: FileProvenance[]; switches?: ModelSwitches };
};

/** By which weights grow when a session opens them, and a lane's room to work, in bytes: as manifests reckon `memoryBytes`. */
const WEIGHTS_FACTOR = 1.5;
const WORKING_BYTES = 600_000_000;

/**
 * Size of all that a lane opens, in bytes: of its files, or what the manifest's `memoryBytes` makes of them where that is
 * more, as with half precision, which is widened.
 */
export function countModelBytes({ manifest, tier, provenance }: CountedModel): number {
  const files = listFiles(provenance).reduce((sum, { bytes }) => sum + bytes, 0);
  const memoryBytes = manifest.tiers[tier]?.memoryBytes ?? 0;
  return Math.max(files, (memoryBytes - WORKING_BYTES) / WEIGHTS_FACTOR);
}

type CountedModel = {
  manifest: Pick<InstalledManifest, 'tiers'>;
  tier: string;
  provenance: ModelProvenance;
};

/** Hashes of all files, and switches as `name=value`: where these are equal, so are transcripts of one recording. */
export function identifyModel(provenance: ModelProvenance): string[] {
  const { betterTier } = provenance;
  return [
    ...listHashes(listFiles(provenance)),
    ...listSwitches(provenance.switches),
    ...(betterTier
      ? ['better tier', ...listHashes(betterTier.files), ...listSwitches(betterTier.switches)]
      : []),
  ];
}

function listHashes(files: readonly FileProvenance[]): string[] {
  return files.map(({ sha256 }) => sha256).sort();
}

function listSwitches(switches: ModelSwitches = {}): string[] {
  return Object.entries(switches)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

function listFiles({ files, aligners = [] }: ModelProvenance): FileProvenance[] {
  return [...files, ...aligners.flatMap((aligner) => aligner.files)];
}
