// Reads every byte of an installed model and compares it with its manifest.

import { join } from 'node:path';
import { createContentDigest, digestFile, type Content } from './content-digest.js';
import { findInstalledModel, type CacheOptions } from './model-cache.js';
import { explainMissing, unknownTier } from './model-catalogue.js';

export type VerifyOptions = CacheOptions & {
  /** @defaultValue every installed tier */
  tier?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called before each file is read. */
  onFile?: ((path: string) => void) | undefined;
};

export type FileReport = {
  path: string;
  /** The tiers that need this file. */
  tiers: string[];
  status: 'ok' | 'missing' | 'wrong-size' | 'wrong-hash';
  expected: Content;
  /** What is on disk; absent for a missing file. */
  actual?: Content;
};

/** @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_NOT_INSTALLED` */
export async function verifyModel(
  id: string,
  { root, tier, signal, onFile }: VerifyOptions,
): Promise<FileReport[]> {
  const model = await findInstalledModel(id, { root });
  if (!model) throw await explainMissing(id, tier);
  const reports = new Map<string, FileReport>();
  for (const [name, { files }] of Object.entries(model.manifest.tiers)) {
    if (tier !== undefined && name !== tier) continue;
    for (const { path, bytes, sha256 } of files) {
      const known = reports.get(path);
      if (known) {
        known.tiers.push(name);
        continue;
      }
      onFile?.(path);
      const expected = { bytes, sha256 };
      const digest = createContentDigest(expected);
      const found = await digestFile(join(model.folder, path), digest, { signal });
      const actual = found ? pickContent(digest.finish()) : undefined;
      const status = compareContent(expected, actual);
      reports.set(path, { path, tiers: [name], status, expected, ...(actual && { actual }) });
    }
  }
  if (reports.size > 0 || tier === undefined) return [...reports.values()];
  throw unknownTier(id, { tier, accepted: Object.keys(model.manifest.tiers) });
}

function pickContent({ bytes, sha256 }: Content): Content {
  return { bytes, sha256 };
}

function compareContent(expected: Content, actual: Content | undefined): FileReport['status'] {
  if (!actual) return 'missing';
  if (actual.bytes !== expected.bytes) return 'wrong-size';
  return actual.sha256 === expected.sha256 ? 'ok' : 'wrong-hash';
}
