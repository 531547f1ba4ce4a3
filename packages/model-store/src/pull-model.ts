// Hub → cache, one tier at a time. Under the model's lock: listing at the pinned commit → the tier's files →
// each one continued, checked and renamed into place → model.json last. Killed anywhere, it can be repeated.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createContentDigest,
  digestFile,
  type Content,
  type ExpectedContent,
} from './content-digest.js';
import { downloadFile } from './download-file.js';
import { createHub, getFileUrl, isCommit, listRepository, type HubOptions } from './hub.js';
import {
  getModelFolder,
  mergeTiers,
  readInstalledManifest,
  writeInstalledManifest,
} from './installed-manifest.js';
import { findInstalledModel, type CacheOptions } from './model-cache.js';
import { explainMissing, explainNoSource, findKnownModel, unknownTier } from './model-catalogue.js';
import { withModelLock } from './model-lock.js';
import {
  type InstalledFile,
  type InstalledTier,
  type ModelManifest,
  type ModelSource,
  type ModelTier,
} from './model-manifest.js';
import { planPull } from './plan-pull.js';
import { retryUnavailable, type RetryOptions } from './retry-unavailable.js';
import {
  createProgress,
  ensureFreeSpace,
  toTransferError,
  type TransferOptions,
} from './transfer.js';

export type PullOptions = CacheOptions &
  HubOptions &
  RetryOptions &
  TransferOptions & {
    /** @defaultValue the model's default tier */
    tier?: string | undefined;
  };

export type PullResult = {
  id: string;
  tier: string;
  /** Size of the tier's files. */
  bytes: number;
  /** Nothing had to be fetched. */
  alreadyInstalled: boolean;
};

/**
 * Installs a tier of a known model from the hub.
 * @throws ModelStoreError `MODEL_UNKNOWN`, `MODEL_UNKNOWN_TIER`, `MODEL_LOCKED`, `MODEL_GATED`, `MODEL_SOURCE_NOT_FOUND`,
 * `MODEL_HUB_UNAVAILABLE`, `MODEL_FILE_CORRUPT`, `MODEL_DISK_FULL`, `MODEL_CANCELLED`
 */
export async function pullModel(id: string, options: PullOptions): Promise<PullResult> {
  const { root, signal } = options;
  const folder = getModelFolder(root, id);
  const manifest = await findKnownModel(id);
  if (!manifest) throw await explainMissing(id, options.tier);
  const name = options.tier ?? manifest.defaultTier;
  const tier = manifest.tiers[name];
  if (!tier) throw unknownTier(id, { tier: name, accepted: Object.keys(manifest.tiers) });
  try {
    return await withModelLock(id, options, async () => {
      const source = await pinSource(id, { root, source: tier.source ?? manifest.source });
      const bytes = await findInstalledBytes(manifest, { root, name, source });
      if (bytes !== undefined) return { id, tier: name, bytes, alreadyInstalled: true };
      if (!source) throw explainNoSource(id);
      const files = await installTier(manifest, { ...options, folder, name, tier, source });
      return { id, tier: name, bytes: sumBytes(files), alreadyInstalled: false };
    });
  } catch (error) {
    throw toTransferError(error, { signal, folder });
  }
}

/** Where the catalogue names a branch, the commit of the first pull from that repository is the pin. */
async function pinSource(
  id: string,
  { root, source }: { root: string; source: ModelSource | undefined },
): Promise<ModelSource | undefined> {
  if (!source || isCommit(source.revision)) return source;
  const tiers = Object.values((await findInstalledModel(id, { root }))?.manifest.tiers ?? {});
  return tiers.find((tier) => tier.source?.repository === source.repository)?.source ?? source;
}

/** The size of a tier that is complete and came from the pinned revision, or from nowhere (the demo model). */
async function findInstalledBytes(
  { id }: ModelManifest,
  { root, name, source }: { root: string; name: string; source: ModelSource | undefined },
): Promise<number | undefined> {
  const model = await findInstalledModel(id, { root });
  const state = model?.tiers.find(({ tier }) => tier === name);
  if (state?.damagedFiles.length !== 0) return undefined;
  const installed = model?.manifest.tiers[name]?.source;
  const same =
    installed?.repository === source?.repository && installed?.revision === source?.revision;
  return same ? state.bytes : undefined;
}

type InstallOptions = Omit<PullOptions, 'tier'> & {
  folder: string;
  name: string;
  tier: ModelTier;
  source: ModelSource;
};

async function installTier(
  manifest: ModelManifest,
  { folder, name, tier, source, ...options }: InstallOptions,
): Promise<InstalledFile[]> {
  const hub = createHub(options);
  const listing = await retryUnavailable(() => listRepository(hub, source), options);
  const pinned = { repository: source.repository, revision: listing.commit };
  const plan = planPull(listing, { family: manifest.family, name, tier, source });
  const totalBytes = sumBytes(plan.map(({ expected }) => expected));
  const presentBytes = await countPresentBytes(plan.map(({ path }) => join(folder, path)));
  await ensureFreeSpace(folder, totalBytes - presentBytes);
  const progress = createProgress(totalBytes, options.onProgress);
  const files: InstalledFile[] = [];
  for (const { role, remotePath, path, expected } of plan) {
    const target = join(folder, path);
    const file = { path: remotePath, fileTotalBytes: expected.bytes };
    const onBytes = (fileDoneBytes: number) => progress.update({ ...file, fileDoneBytes });
    const url = getFileUrl(hub, { ...pinned, path: remotePath });
    const content =
      (await readVerified(target, { expected, signal: options.signal })) ??
      (await downloadFile(url, { ...options, hub, target, expected, onBytes }));
    onBytes(content.bytes);
    files.push({ role, path, ...content });
  }
  const installed = await readInstalledManifest(folder);
  const kept = findKept(installed?.tiers[name], pinned);
  const tiers = { [name]: { ...tier, ...kept, source: pinned, files } };
  await writeInstalledManifest(folder, mergeTiers(installed, { ...manifest, tiers }));
  return files;
}

/** What was set or found out on this host, where the same files are installed again. */
function findKept(before: InstalledTier | undefined, { repository, revision }: ModelSource) {
  const { source, switches, parityCheck } = before ?? {};
  if (source?.repository !== repository || source.revision !== revision) return {};
  return { ...(switches && { switches }), ...(parityCheck && { parityCheck }) };
}

/** What another tier, or a pull that died before the end, has left: trusted only after reading it. */
async function readVerified(
  path: string,
  { expected, signal }: { expected: ExpectedContent; signal: AbortSignal | undefined },
): Promise<Content | undefined> {
  const digest = createContentDigest(expected);
  if (!(await digestFile(path, digest, { signal }))) return undefined;
  const { matches, ...content } = digest.finish();
  return matches ? content : undefined;
}

async function countPresentBytes(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths
      .flatMap((path) => [path, `${path}.partial`])
      .map((path) => stat(path).catch(() => undefined)),
  );
  return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0);
}

function sumBytes(files: readonly { bytes: number }[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}
