// From keys to paths that do not leave the root, whatever symbolic links lie in between.

import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { CodedError } from '../errors/index.js';
import { isMissing, systemCode } from './file-errors.js';
import { TEMPORARY_FOLDER } from './temporary-files.js';

export type FilePaths = {
  /** The root's real path, which is created; or undefined where it is missing and not to be created. */
  root: ((options: { create: true }) => Promise<string>) & (() => Promise<string | undefined>);
  /** Path of a key or folder whose parent lies inside. Undefined where there is no root. */
  locate: (key: string) => Promise<string | undefined>;
  /** The same for writing; the parent folder may still be missing. */
  locateForWriting: (key: string) => Promise<string>;
  /** Opens a plain file for reading, itself or through a link to the inside. Undefined where there is none. */
  openFile: (key: string) => Promise<FileHandle | undefined>;
  /** Facts of a plain file, itself or through a link to the inside. Undefined where there is none. */
  statFile: (key: string) => Promise<FileFacts | undefined>;
};

export type FileFacts = { size: bigint; mtimeNs: bigint; ino: bigint; mtime: Date };

export function createFilePaths(givenRoot: string): FilePaths {
  let known: string | undefined;

  async function root(options?: { create: true }): Promise<string | undefined> {
    if (known !== undefined) return known;
    try {
      if (options?.create === true) await mkdir(givenRoot, { recursive: true });
      return (known = await realpath(givenRoot));
    } catch (error) {
      if (isMissing(error) && options === undefined) return undefined;
      throw error;
    }
  }

  async function locate(key: string): Promise<string | undefined> {
    checkReserved(key);
    const base = await root();
    if (base === undefined) return undefined;
    const path = join(base, key);
    if (!key.replace(/\/$/, '').includes('/')) return path;
    try {
      return join(await realInside(dirname(path), base, key), basename(path));
    } catch (error) {
      if (isMissing(error)) return path;
      throw error;
    }
  }

  async function locateForWriting(key: string): Promise<string> {
    checkReserved(key);
    const base = (await root({ create: true })) ?? givenRoot;
    const path = join(base, key);
    for (let folder = dirname(path); folder !== base; folder = dirname(folder)) {
      try {
        const real = await realInside(folder, base, key);
        return join(real, path.slice(folder.length));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
    return path;
  }

  /** Runs `use` on the key's path, and where that says it is a link, on what it leads to. */
  async function throughLink<T>(
    key: string,
    use: (path: string) => Promise<T | 'is-link'>,
  ): Promise<T | undefined> {
    try {
      const path = await locate(key);
      if (path === undefined) return undefined;
      const found = await use(path);
      if (found !== 'is-link') return found;
      const again = await use(await realInside(path, (await root()) ?? givenRoot, key));
      return again === 'is-link' ? undefined : again;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  return {
    root: root as FilePaths['root'],
    locate,
    locateForWriting,
    openFile: (key) => throughLink(key, openPlainFile),
    statFile: (key) =>
      throughLink(key, async (path) => {
        const facts = await lstat(path, { bigint: true });
        if (facts.isSymbolicLink()) return 'is-link';
        return facts.isFile() ? facts : undefined;
      }),
  };
}

async function openPlainFile(path: string): Promise<FileHandle | 'is-link' | undefined> {
  let handle;
  try {
    // Without O_NONBLOCK a named pipe would hold a thread until somebody writes to it.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(path, flags);
  } catch (error) {
    if (systemCode(error) === 'ELOOP') return 'is-link';
    // A socket or a device without a driver.
    if (systemCode(error) === 'ENXIO') return undefined;
    throw error;
  }
  const facts = await handle.stat();
  if (facts.isFile()) return handle;
  await handle.close();
  return undefined;
}

async function realInside(path: string, root: string, key: string): Promise<string> {
  const real = await realpath(path);
  if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return real;
  throw new CodedError(
    'PATH_FORBIDDEN',
    `"${key}" leads out of the storage folder through a symbolic link.`,
  );
}

function checkReserved(key: string): void {
  if (key === TEMPORARY_FOLDER || key.startsWith(`${TEMPORARY_FOLDER}/`)) {
    throw new CodedError('PATH_FORBIDDEN', `"${key}" is kept for files that are being written.`);
  }
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
