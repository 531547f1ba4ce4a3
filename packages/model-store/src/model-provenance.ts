// Which bytes and switches make a transcript.

import { type ModelSource } from './model-manifest.js';
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
};

/** Size of all that a lane opens, in bytes. */
export function countModelBytes(provenance: ModelProvenance): number {
  return listFiles(provenance).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Hashes of all files, and switches as `name=value`: where these are equal, so are transcripts of one recording. */
export function identifyModel(provenance: ModelProvenance): string[] {
  const switches = Object.entries(provenance.switches ?? {});
  return [
    ...listFiles(provenance)
      .map(({ sha256 }) => sha256)
      .sort(),
    ...switches.map(([name, value]) => `${name}=${value}`).sort(),
  ];
}

function listFiles({ files, aligners = [] }: ModelProvenance): FileProvenance[] {
  return [...files, ...aligners.flatMap((aligner) => aligner.files)];
}
