// Recordings in folders of this machine that the operator named. Addresses are compared first, without touching the
// disk; then the real paths, so that no symbolic link leads out.

import { type BigIntStats, type Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CodedError } from '../errors/index.js';
import { formatPlace, isWithin, parsePath, parsePlace, type Place, toPath } from './place.js';
import { sanitizeName } from './sanitize-name.js';
import { cancelled, changed, getSystemCode } from './source-errors.js';
import { type ObtainedSource, type ObtainOptions, type SourceInfo } from './source-reader.js';
import { type ListOptions, type SourcePage } from './store-source.js';

const DEFAULT_PAGE = 1000;

export type FileSource = {
  check: (uri: string) => string;
  inspect: (uri: string, signal?: AbortSignal) => Promise<SourceInfo>;
  obtain: (uri: string, options: ObtainOptions) => Promise<ObtainedSource>;
  list: (prefix: string, options: ListOptions) => Promise<SourcePage>;
};

/** `fileRoots`: absolute paths or `file:` addresses. @throws CodedError `CONFIG_INVALID` */
export function createFileSource(fileRoots: readonly string[]): FileSource {
  const roots = fileRoots.map(parseRoot);

  function parse(uri: string): Place {
    const place = parsePlace(uri);
    if (place === undefined) {
      throw new CodedError(
        'SOURCE_INVALID',
        'This is no file address we take: file:///folder/name is, percent-encoded, without "..", query or fragment.',
      );
    }
    if (!roots.some((root) => isWithin(place, root))) {
      throw new CodedError(
        'SOURCE_FORBIDDEN',
        `${toPath(place.parts)} lies outside the configured source folders.`,
      );
    }
    return place;
  }

  /** The real path, if it lies inside a root. */
  async function findReal(path: string): Promise<string> {
    const real = await guard(path, () => realpath(path));
    const realRoots = await Promise.all(
      roots.map((root) => realpath(toPath(root.parts)).catch(() => undefined)),
    );
    const isInside = realRoots.some(
      (root) => root !== undefined && (real === root || real.startsWith(root.replace(/\/?$/, '/'))),
    );
    if (isInside) return real;
    throw new CodedError(
      'SOURCE_FORBIDDEN',
      `${path} leads out of the configured source folders by a symbolic link.`,
    );
  }

  async function locate(uri: string): Promise<{ path: string; info: Found }> {
    const place = parse(uri);
    const shown = toPath(place.parts);
    const path = await findReal(shown);
    const stats = await guard(shown, () => stat(path, { bigint: true }));
    if (!stats.isFile() || place.isFolder) {
      throw new CodedError('SOURCE_INVALID', `${shown} is not a file.`);
    }
    return { path, info: toInfo(place, stats) };
  }

  async function list(
    prefix: string,
    { after, limit = DEFAULT_PAGE, signal }: ListOptions,
  ): Promise<SourcePage> {
    const place = parse(prefix);
    await findReal(toPath(place.parts));
    const items: SourcePage['items'] = [];
    for await (const relativePath of walk(toPath(place.parts), { below: '', after, signal })) {
      const item = parsePath(join(toPath(place.parts), relativePath));
      // A file that no address names, a link that leads out, or one that is gone by now.
      const found = item && (await locate(formatPlace(item)).catch(() => undefined));
      if (found === undefined) continue;
      items.push({ ...found.info, relativePath });
      if (items.length >= limit) return { items, next: relativePath };
    }
    return { items };
  }

  return {
    check: (uri) => formatPlace(parse(uri)),
    inspect: async (uri, signal) => {
      if (signal?.aborted === true) throw cancelled();
      return (await locate(uri)).info;
    },
    obtain: async (uri, { etag, signal }) => {
      if (signal?.aborted === true) throw cancelled();
      const { path, info } = await locate(uri);
      if (etag !== undefined && etag !== info.etag) throw changed(info.uri);
      return { ...info, path, release: () => Promise.resolve() };
    },
    list,
  };
}

type Found = SourceInfo & { bytes: number; etag: string };

function toInfo(place: Place, stats: BigIntStats): Found {
  return {
    uri: formatPlace(place),
    name: sanitizeName(basename(toPath(place.parts))),
    bytes: Number(stats.size),
    etag: [stats.size, stats.mtimeNs, stats.ino].map((part) => part.toString(36)).join('-'),
  };
}

function parseRoot(root: string): Place {
  const place = root.startsWith('file:') ? parsePlace(root) : parsePath(root);
  if (place?.scheme === 'file') return place;
  throw new CodedError('CONFIG_INVALID', `"${root}" is no absolute path of a source folder.`);
}

/** Relative paths of what may be files, in the order of their UTF-8 bytes. Links to folders are not followed. */
async function* walk(
  folder: string,
  options: { below: string; after: string | undefined; signal: AbortSignal | undefined },
): AsyncGenerator<string> {
  const { below, after, signal } = options;
  if (signal?.aborted === true) throw cancelled();
  const entries = await guard(folder, () => readdir(folder, { withFileTypes: true }));
  const sorted = entries
    .map((entry) => ({ entry, path: `${below}${toSortName(entry)}` }))
    .sort((a, b) => compareBytes(a.path, b.path));
  for (const { entry, path } of sorted) {
    const isDone = after !== undefined && compareBytes(path, after) <= 0;
    if (!entry.isDirectory()) {
      if (!isDone && (entry.isFile() || entry.isSymbolicLink())) yield path;
    } else if (!isDone || after.startsWith(path)) {
      yield* walk(join(folder, entry.name), { ...options, below: path });
    }
  }
}

/** A folder sorts by the paths below it, all of which have the slash. */
function toSortName(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function guard<T>(shown: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const systemCode = getSystemCode(error) ?? 'unknown error';
    if (systemCode === 'ENOENT' || systemCode === 'ENOTDIR') {
      throw new CodedError('SOURCE_NOT_FOUND', `${shown} does not exist.`, { cause: error });
    }
    const isForbidden = ['EACCES', 'EPERM', 'ELOOP'].includes(systemCode);
    const code = isForbidden
      ? 'SOURCE_FORBIDDEN'
      : systemCode === 'ENAMETOOLONG'
        ? 'SOURCE_INVALID'
        : 'SOURCE_UNAVAILABLE';
    throw new CodedError(code, `${shown} cannot be read (${systemCode}).`, { cause: error });
  }
}
