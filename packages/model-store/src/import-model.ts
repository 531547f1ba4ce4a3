// A folder on this host → cache: copied and hashed beside the model's folder, then moved in whole, model.json
// last. Links become plain files; the folder itself is left as it is.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Content, type ExpectedContent } from './content-digest.js';
import { describeFolder, type DescribedModel, type DescribeOptions } from './describe-folder.js';
import { getSystemErrorCode, ModelStoreError } from './errors.js';
import {
  getModelFolder,
  mergeTiers,
  readInstalledManifest,
  writeInstalledManifest,
} from './installed-manifest.js';
import { type CacheOptions } from './model-cache.js';
import { withModelLock } from './model-lock.js';
import { type InstalledManifest, type ModelFile } from './model-manifest.js';
import { openPartialFile } from './partial-file.js';
import {
  createProgress,
  ensureFreeSpace,
  toTransferError,
  type TransferOptions,
} from './transfer.js';

export type ImportOptions = CacheOptions & DescribeOptions & TransferOptions;

export type ImportResult = { id: string; tiers: string[] };

type SourceFile = { path: string; expected: ExpectedContent };

/**
 * Installs every complete tier of a folder, with or without a model.json in it.
 * @throws ModelStoreError `MODEL_SOURCE_NOT_FOUND`, `MODEL_LAYOUT_UNKNOWN`, `MODEL_MANIFEST_INVALID`, `MODEL_CONFLICT`,
 * `MODEL_FILE_CORRUPT`, `MODEL_LOCKED`, `MODEL_DISK_FULL`, `MODEL_CANCELLED`
 */
export async function importModel(folder: string, options: ImportOptions): Promise<ImportResult> {
  const { root, signal } = options;
  const described = await describeFolder(folder, options);
  const target = getModelFolder(root, described.id);
  try {
    return await withModelLock(described.id, options, async () => {
      const files = await listSourceFiles(folder, described);
      const incoming = join(target, '.incoming');
      await rm(incoming, { recursive: true, force: true }); // of an import that was killed
      try {
        const contents = await copyFiles(files, { ...options, from: folder, to: incoming });
        const place = `local-${nameContents(contents)}`;
        const manifest = describeInstalled(described, { contents, place });
        const merged = mergeTiers(await readInstalledManifest(target), manifest);
        await rm(join(target, place), { recursive: true, force: true });
        await rename(incoming, join(target, place));
        await writeInstalledManifest(target, merged);
      } finally {
        await rm(incoming, { recursive: true, force: true });
      }
      return { id: described.id, tiers: Object.keys(described.tiers) };
    });
  } catch (error) {
    throw toTransferError(error, { signal, folder: target });
  }
}

/** Every file once, however many tiers need it. */
async function listSourceFiles(folder: string, { tiers }: DescribedModel): Promise<SourceFile[]> {
  const files = Object.values(tiers).flatMap((tier) => tier.files);
  const unique = new Map(files.map((file) => [file.path, file]));
  return Promise.all(
    [...unique.values()].map(async (file) => ({
      path: file.path,
      expected: await describeContent(folder, file),
    })),
  );
}

async function describeContent(folder: string, file: ModelFile): Promise<ExpectedContent> {
  const path = join(folder, file.path);
  const found = await stat(path).catch((error: unknown) => {
    throw new ModelStoreError(
      'MODEL_FILE_CORRUPT',
      `${path} cannot be read (${getSystemErrorCode(error) ?? 'unknown error'}).`,
      { details: { path }, cause: error },
    );
  });
  if (file.bytes !== undefined && file.bytes !== found.size) throw corruptSource(path);
  return { bytes: found.size, ...(file.sha256 !== undefined && { sha256: file.sha256 }) };
}

async function copyFiles(
  files: readonly SourceFile[],
  { from, to, signal, onProgress }: TransferOptions & { from: string; to: string },
): Promise<Map<string, Content>> {
  const totalBytes = files.reduce((sum, { expected }) => sum + expected.bytes, 0);
  await ensureFreeSpace(to, totalBytes);
  const progress = createProgress(totalBytes, onProgress);
  const contents = new Map<string, Content>();
  for (const { path, expected } of files) {
    const copy = await openPartialFile(join(to, path), { expected, signal });
    try {
      for await (const chunk of createReadStream(join(from, path), { signal })) {
        await copy.append(chunk as Buffer);
        progress.update({ path, fileDoneBytes: copy.bytes, fileTotalBytes: expected.bytes });
      }
      const { matches, ...content } = await copy.finish();
      if (!matches) throw corruptSource(join(from, path));
      contents.set(path, content);
    } finally {
      await copy.close();
    }
  }
  return contents;
}

/** The same content comes to lie in the same place, a different one beside it. */
function nameContents(contents: ReadonlyMap<string, Content>): string {
  const lines = [...contents].map(([path, { sha256 }]) => `${sha256}  ${path}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 12);
}

function describeInstalled(
  described: DescribedModel,
  { contents, place }: { contents: ReadonlyMap<string, Content>; place: string },
): InstalledManifest {
  const tiers = Object.entries(described.tiers).map(([name, tier]) => {
    const files = tier.files.flatMap(({ role, path }) => {
      const content = contents.get(path);
      return content ? [{ role, path: `${place}/${path}`, ...content }] : [];
    });
    return [name, { ...tier, files }] as const;
  });
  return { ...described, tiers: Object.fromEntries(tiers) };
}

function corruptSource(path: string): ModelStoreError {
  return new ModelStoreError(
    'MODEL_FILE_CORRUPT',
    `${path} is not the file that the manifest of this model names: its size or sha-256 differs. Copy it anew, or import the folder under another id or with --other-weights.`,
    { details: { path } },
  );
}
