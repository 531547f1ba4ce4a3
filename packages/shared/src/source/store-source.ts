// Recordings in object storage: `s3:` prefixes that the operator named, and what was uploaded to the fleet's own store.

import { createHash } from 'node:crypto';
import { CodedError } from '../errors/index.js';
import { type ObjectInfo, type ObjectStore, uploadKey } from '../storage/index.js';
import { openDownload, tooLarge } from './downloads.js';
import { formatPlace, isWithin, parsePlace, type Place } from './place.js';
import { decodePart, sanitizeName } from './sanitize-name.js';
import { cancelled, changed, toSourceError } from './source-errors.js';
import { type ObtainedSource, type ObtainOptions, type SourceInfo } from './source-reader.js';

const DEFAULT_PAGE = 1000;
const TENANT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/;

export type ListOptions = { after?: string; limit?: number; signal?: AbortSignal };
export type SourcePage = { items: (SourceInfo & { relativePath: string })[]; next?: string };

export type StoreSource = {
  check: (uri: string) => string;
  inspect: (uri: string, signal?: AbortSignal) => Promise<SourceInfo>;
  obtain: (uri: string, options: ObtainOptions) => Promise<ObtainedSource>;
  list: (prefix: string, options: ListOptions) => Promise<SourcePage>;
  close: () => Promise<void>;
};

export type S3SourceOptions = {
  /** `s3://bucket/prefix` that sources may lie in. */
  prefixes: readonly string[];
  /** The store of one of these prefixes (normalised, no trailing slash); opened once, closed by the reader. */
  openStore: (url: string) => ObjectStore;
  maxBytes: number;
};

type Located = { store: ObjectStore; key: string; uri: string; name: string };

/** @throws CodedError `CONFIG_INVALID` */
export function createS3Source({ prefixes, openStore, maxBytes }: S3SourceOptions): StoreSource {
  const roots = prefixes.map(parseRoot);
  const stores = new Map<string, ObjectStore>();

  function parse(uri: string): { place: Place; root: Place } {
    const place = parsePlace(uri);
    if (place === undefined) {
      throw new CodedError(
        'SOURCE_INVALID',
        'This is no S3 address we take: s3://bucket/key is, without "..", empty parts or backslashes.',
      );
    }
    const root = roots.find((candidate) => isWithin(place, candidate));
    if (root !== undefined) return { place, root };
    throw new CodedError(
      'SOURCE_FORBIDDEN',
      `s3://${place.bucket} at this key lies outside the configured source prefixes.`,
    );
  }

  function locate(uri: string): Located & { place: Place } {
    const { place, root } = parse(uri);
    const url = formatPlace({ ...root, isFolder: false });
    const store = stores.get(url) ?? openStore(url);
    stores.set(url, store);
    const key = place.parts.slice(root.parts.length).join('/');
    return { place, store, key, uri: formatPlace(place), name: sanitizeName(key) };
  }

  function locateObject(uri: string): Located {
    const { place, root } = parse(uri);
    if (place.parts.length > root.parts.length && !place.isFolder) return locate(uri);
    throw new CodedError(
      'SOURCE_INVALID',
      `${formatPlace(place)} names a folder, not a recording.`,
    );
  }

  async function list(
    prefix: string,
    { after, limit = DEFAULT_PAGE, signal }: ListOptions,
  ): Promise<SourcePage> {
    const { store, key, place } = locate(prefix);
    const below = key === '' ? '' : `${key}/`;
    const page = await guard(signal, () =>
      store.list({
        prefix: below,
        limit,
        ...(after !== undefined && { after: `${below}${after}` }),
        ...(signal !== undefined && { signal }),
      }),
    );
    const folder = formatPlace({ ...place, isFolder: false });
    const items = page.flatMap((object) => {
      const relativePath = object.key.slice(below.length);
      const item = parsePlace(`${folder}/${relativePath}`);
      // The marker of a folder, or a key that no address of ours names.
      if (item === undefined || item.isFolder) return [];
      const uri = formatPlace(item);
      return [{ ...toInfo(object, { uri, name: sanitizeName(relativePath) }), relativePath }];
    });
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return { items };
    return { items, next: last.key.slice(below.length) };
  }

  return {
    check: (uri) => formatPlace(parse(uri).place),
    inspect: (uri, signal) => inspectObject(locateObject(uri), signal),
    obtain: (uri, options) => obtainObject(locateObject(uri), { ...options, maxBytes }),
    list,
    close: async () => {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

export type UploadSource = Pick<StoreSource, 'check' | 'inspect' | 'obtain'>;

/** `upload:<tenant>/<sha256>/<file name, percent-encoded>`; the store stays the caller's to close. */
export function createUploadSource(
  store: ObjectStore,
  { maxBytes }: { maxBytes: number },
): UploadSource {
  function locate(uri: string): Located & { sha256: string } {
    const match = /^upload:([^/]+)\/([0-9a-f]{64})\/([^/?#\\\s]+)$/i.exec(uri);
    const [, tenant = '', digest = '', fileName = ''] = match ?? [];
    const decoded = decodePart(fileName);
    const name = sanitizeName(decoded);
    if (match === null || !TENANT.test(tenant) || tenant.includes('..') || name !== decoded) {
      throw new CodedError(
        'SOURCE_INVALID',
        'This is no upload: upload:<tenant>/<sha256>/<file name> is what the upload was answered with.',
      );
    }
    const sha256 = digest.toLowerCase();
    return {
      store,
      key: uploadKey(tenant, sha256),
      uri: `upload:${tenant}/${sha256}/${encodeURIComponent(name)}`,
      name,
      sha256,
    };
  }

  return {
    check: (uri) => locate(uri).uri,
    // The content is its own ETag: the same upload sent once more changes nothing.
    inspect: async (uri, signal) => {
      const located = locate(uri);
      return { ...(await inspectObject(located, signal)), etag: located.sha256 };
    },
    obtain: async (uri, { etag, ...options }) => {
      const located = locate(uri);
      if (etag !== undefined && etag !== located.sha256) throw changed(located.uri);
      return obtainObject(located, { ...options, maxBytes, sha256: located.sha256 });
    },
  };
}

async function inspectObject(
  { store, key, uri, name }: Located,
  signal: AbortSignal | undefined,
): Promise<SourceInfo> {
  const object = await guard(signal, () => store.head(key, signal));
  if (object === undefined) throw new CodedError('SOURCE_NOT_FOUND', `${uri} does not exist.`);
  return toInfo(object, { uri, name });
}

type ObtainObjectOptions = ObtainOptions & { maxBytes: number; sha256?: string };

async function obtainObject(
  { store, key, uri, name }: Located,
  { folder, etag, signal, maxBytes, sha256 }: ObtainObjectOptions,
): Promise<ObtainedSource> {
  return guard(signal, async () => {
    const { info, body } = await store.get(key, {
      ...(etag !== undefined && { etag }),
      ...(signal !== undefined && { signal }),
    });
    const hash = createHash('sha256');
    try {
      if (info.bytes > maxBytes) throw tooLarge(uri, maxBytes);
      const download = await openDownload(folder, { maxBytes, shown: uri });
      try {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          await download.write(chunk);
          if (sha256 !== undefined) hash.update(chunk);
          signal?.throwIfAborted();
        }
        if (download.bytes !== info.bytes) {
          throw new CodedError('SOURCE_UNAVAILABLE', `${uri} was not sent whole.`);
        }
        if (sha256 !== undefined && hash.digest('hex') !== sha256) throw changed(uri);
        await download.finish();
      } catch (error) {
        await download.discard();
        throw error;
      }
      const { path, bytes, discard } = download;
      const found = {
        ...toInfo(info, { uri, name }),
        ...(sha256 !== undefined && { etag: sha256 }),
      };
      return { ...found, bytes, path, release: discard };
    } finally {
      body.destroy();
    }
  });
}

function toInfo(
  { bytes, etag }: ObjectInfo,
  { uri, name }: { uri: string; name: string },
): SourceInfo {
  return { uri, name, bytes, etag };
}

function parseRoot(prefix: string): Place {
  const place = parsePlace(prefix);
  if (place?.scheme === 's3') return place;
  throw new CodedError('CONFIG_INVALID', `"${prefix}" is no s3://bucket/prefix of sources.`);
}

async function guard<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
  try {
    if (signal?.aborted === true) throw cancelled();
    return await action();
  } catch (error) {
    if (signal?.aborted === true) throw cancelled();
    throw toSourceError(error);
  }
}
