// The keys of a folder tree in key order, without holding more than the names of the folders on the way.

import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from './file-errors.js';
import { type FilePaths } from './file-paths.js';
import { compareKeys, sortKeys } from './object-key.js';
import { throwIfCancelled } from './stored-content.js';
import { TEMPORARY_FOLDER } from './temporary-files.js';

/** A smaller folder is read anew for each page. */
const MIN_KEPT_NAMES = 1000;
const MAX_KEPT_FOLDERS = 4;
/** A folder that was changed this recently may change again without a change of its time. */
const SETTLED_MS = 2000;

/** Names in a folder, in key order; those of folders end in `/`, and so sort as their keys do. */
export type FolderNames = (folder: string) => Promise<readonly string[]>;

/** Keeps the names of a few large folders from page to page, while their time of change stays the same. */
export function createFolderNames(): FolderNames {
  const kept = new Map<string, { changedNs: bigint; names: readonly string[] }>();
  return async (folder) => {
    const now = Date.now();
    const { mtimeNs, mtimeMs } = await stat(folder, { bigint: true });
    const known = kept.get(folder);
    kept.delete(folder);
    if (known?.changedNs === mtimeNs) {
      kept.set(folder, known);
      return known.names;
    }
    const names = await readNames(folder);
    if (names.length >= MIN_KEPT_NAMES && now - Number(mtimeMs) > SETTLED_MS) {
      kept.set(folder, { changedNs: mtimeNs, names });
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT_FOLDERS && oldest !== undefined) kept.delete(oldest);
    }
    return names;
  };
}

async function readNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) names.push(`${entry.name}/`);
    // A link may lead to a file; a pipe or a device is nothing to store.
    else if (entry.isFile() || entry.isSymbolicLink()) names.push(entry.name);
  }
  return sortKeys(names);
}

export type WalkOptions = {
  paths: FilePaths;
  folderNames: FolderNames;
  prefix: string;
  after: string | undefined;
  signal: AbortSignal | undefined;
};

/** Keys that begin with `prefix` and lie behind `after`. Links to folders are not followed. */
export async function* walkFiles(options: WalkOptions): AsyncGenerator<string> {
  const folderKey = options.prefix.slice(0, options.prefix.lastIndexOf('/') + 1);
  // Any name will do: what is looked up is the folder that holds it.
  const somePath = await options.paths.locate(`${folderKey}x`);
  if (somePath !== undefined) yield* walkFolder(dirname(somePath), folderKey, options);
}

async function* walkFolder(
  folder: string,
  folderKey: string,
  options: WalkOptions,
): AsyncGenerator<string> {
  const { folderNames, prefix, signal } = options;
  throwIfCancelled(signal);
  let names;
  try {
    names = await folderNames(folder);
  } catch (error) {
    // It was removed meanwhile, or is no folder.
    if (isMissing(error)) return;
    throw error;
  }
  for (let i = firstWanted(names, folderKey, options); i < names.length; i++) {
    const name = names[i] ?? '';
    const key = folderKey + name;
    const isFolder = name.endsWith('/');
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) return;
    if (key === `${TEMPORARY_FOLDER}/`) continue;
    if (isFolder) yield* walkFolder(join(folder, name), key, options);
    else yield key;
  }
}

/** Index of the first name that is, or leads to, a key wanted. All behind it are wanted up to the end of the prefix. */
function firstWanted(
  names: readonly string[],
  folderKey: string,
  { prefix, after = '' }: WalkOptions,
): number {
  const isUnwanted = (key: string) => {
    const leadsTo = (wanted: string) => key.endsWith('/') && wanted.startsWith(key);
    return (
      (compareKeys(key, after) <= 0 && !leadsTo(after)) ||
      (compareKeys(key, prefix) < 0 && !leadsTo(prefix))
    );
  };
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isUnwanted(folderKey + (names[middle] ?? ''))) low = middle + 1;
    else high = middle;
  }
  return low;
}
