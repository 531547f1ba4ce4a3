import { CodedError } from '../errors/index.js';
import { type ObjectStore } from '../storage/index.js';
import { createAddressPolicy } from './address-policy.js';
import { createFileSource } from './file-source.js';
import { resolveHost, type ResolveHost } from './pin-addresses.js';
import {
  type ObtainedSource,
  type ObtainOptions,
  type SourceInfo,
  type SourceReader,
} from './source-reader.js';
import {
  createS3Source,
  createUploadSource,
  type ListOptions,
  type SourcePage,
} from './store-source.js';
import { createWebSource } from './web-source.js';

const DEFAULT_MAX_BYTES = 64 * 2 ** 30;

export type WebSourceOptions = {
  /** Private hosts that are yet allowed: `host`, `host:port`, an address, or a network such as `10.1.0.0/16`. */
  allowPrivateHosts?: readonly string[];
  /** @defaultValue that of all sources */
  maxBytes?: number;
  /** Of name resolution, and of connecting. @defaultValue 10 s */
  connectTimeoutMs?: number;
  /** A server may be silent for this long: before its answer, or within it. @defaultValue 60 s */
  idleTimeoutMs?: number;
  /** Of one `inspect` or `obtain` as a whole. @defaultValue 6 h */
  totalTimeoutMs?: number;
  /** @defaultValue 5 */
  maxRedirects?: number;
  /** Before a body that broke off is resumed; doubles with each attempt that brings nothing. @defaultValue 500 */
  retryDelayMs?: number;
  /** @defaultValue 'stenofleet' */
  userAgent?: string;
  /** PEM certificates trusted beside Node's own. */
  ca?: string;
  /** DNS. @defaultValue the system's resolver */
  resolve?: ResolveHost;
};

export type SourceReaderOptions = {
  /** Folders (absolute paths) that `file:` sources may lie in. */
  fileRoots: readonly string[];
  s3?: {
    /** `s3://bucket/prefix` that sources may lie in. */
    prefixes: readonly string[];
    /** The store of one of these prefixes; opened once each, closed with the reader. */
    openStore: (url: string) => ObjectStore;
  };
  /** Where uploads lie; not closed by the reader. */
  uploads?: ObjectStore;
  http?: WebSourceOptions;
  /** Of a recording that is downloaded. @defaultValue 64 GiB */
  maxBytes?: number;
};

type Source = {
  check: (uri: string) => string;
  inspect: (uri: string, signal?: AbortSignal) => Promise<SourceInfo>;
  obtain: (uri: string, options: ObtainOptions) => Promise<ObtainedSource>;
  list?: (prefix: string, options: ListOptions) => Promise<SourcePage>;
};

/** Opens nothing. @throws CodedError `CONFIG_INVALID` */
export function createSourceReader({
  fileRoots,
  s3,
  uploads,
  http = {},
  maxBytes = DEFAULT_MAX_BYTES,
}: SourceReaderOptions): SourceReader {
  const web = createWebSource({
    policy: createAddressPolicy(http.allowPrivateHosts),
    resolve: http.resolve ?? resolveHost,
    maxBytes: http.maxBytes ?? maxBytes,
    connectTimeoutMs: http.connectTimeoutMs ?? 10_000,
    idleTimeoutMs: http.idleTimeoutMs ?? 60_000,
    totalTimeoutMs: http.totalTimeoutMs ?? 6 * 3_600_000,
    maxRedirects: http.maxRedirects ?? 5,
    retryDelayMs: http.retryDelayMs ?? 500,
    userAgent: http.userAgent ?? 'stenofleet',
    ca: http.ca,
  });
  const s3Source = s3 && createS3Source({ ...s3, maxBytes });
  const sources: Record<string, Source | undefined> = {
    'http:': web,
    'https:': web,
    'file:': createFileSource(fileRoots),
    's3:': s3Source,
    'upload:': uploads && createUploadSource(uploads, { maxBytes }),
  };

  function choose(uri: string): Source {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0].toLowerCase() ?? '';
    const source = Object.hasOwn(sources, scheme) ? sources[scheme] : undefined;
    if (source !== undefined) return source;
    if (Object.hasOwn(sources, scheme)) {
      throw new CodedError('SOURCE_FORBIDDEN', `${scheme} sources are not configured here.`);
    }
    throw new CodedError(
      'SOURCE_INVALID',
      'This is no address we take: https:, http:, s3:, file: and upload: are.',
    );
  }

  return {
    check: (uri) => choose(uri).check(uri),
    inspect: async (uri, signal) => choose(uri).inspect(uri, signal),
    obtain: async (uri, options) => choose(uri).obtain(uri, options),
    list: async (prefix, options = {}) => {
      const { list } = choose(prefix);
      if (list !== undefined) return list(prefix, options);
      throw new CodedError('SOURCE_INVALID', 'Only s3: and file: prefixes can be listed.');
    },
    close: async () => {
      await s3Source?.close();
    },
  };
}
