// The port over `file:` and S3. Keys are relative, `/`-separated, without `.`/`..` parts; a store adds its own prefix.

import { type Readable } from 'node:stream';

export type ObjectInfo = {
  key: string;
  /** Of the whole object, whatever range was asked for. */
  bytes: number;
  /** Changes when the content does. Opaque; without quotes. */
  etag: string;
  modifiedAt: Date;
};

export type PutOptions = {
  /** `file:` keeps none. */
  contentType?: string | undefined;
  /** `absent`: create only; answers `false` where the key exists. @defaultValue 'any' */
  when?: 'any' | 'absent' | undefined;
  signal?: AbortSignal | undefined;
};

export type GetOptions = {
  /** First byte wanted. Behind the end of the object, the body is empty. @defaultValue 0 */
  start?: number | undefined;
  /** First byte not wanted. @defaultValue the end */
  end?: number | undefined;
  /** Fails with `SOURCE_CHANGED` if the object is another by now. */
  etag?: string | undefined;
  signal?: AbortSignal | undefined;
};

export type ListOptions = {
  /** Only keys that begin with it, which need not end at a `/`. @defaultValue '' */
  prefix?: string | undefined;
  /** Continue behind this key (exclusive), such as the last one of the page before. */
  after?: string | undefined;
  /** At least 1. @defaultValue 1000 */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Objects by key. What has been put is there whole or not at all, and readable as soon as `put` has answered.
 * All methods throw CodedError: `STORE_NOT_FOUND`, `STORE_FORBIDDEN`, `STORE_FULL`, `STORE_UNAVAILABLE` (after the
 * store's own retries), `PATH_FORBIDDEN` (a key that leaves the prefix), `JOB_CANCELLED` (aborted).
 */
export interface ObjectStore {
  /** `s3://bucket/prefix` or `file:///folder`, without trailing slash; the address of a key is `${url}/${key}`. */
  readonly url: string;
  /**
   * Writes an object of any length in bounded memory. Answers whether it was written (always `true` with `when: 'any'`).
   * A stream of unknown length may be larger than memory; with `when: 'absent'` the content must be a Buffer or string.
   * Takes the stream over: it is read to its end or destroyed, and an error of its own is thrown as it is.
   * After `STORE_UNAVAILABLE` the object may or may not have been written.
   */
  put(key: string, content: Readable | Buffer | string, options?: PutOptions): Promise<boolean>;
  /**
   * A stream that resumes by range (with the ETag) where a connection drops or falls silent; it fails with
   * `SOURCE_CHANGED` where the object was replaced meanwhile and the rest is gone. The reader destroys it.
   */
  get(key: string, options?: GetOptions): Promise<{ info: ObjectInfo; body: Readable }>;
  /** The whole content; for small objects (refuses more than `maxBytes`, default 64 MiB, with `SOURCE_TOO_LARGE`). */
  read(
    key: string,
    options?: { maxBytes?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Buffer>;
  /** Undefined where there is none. */
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>;
  /** One page in key order (UTF-8 bytes). A page shorter than `limit` is the last one. */
  list(options?: ListOptions): Promise<ObjectInfo[]>;
  /** Deletes what is there; a key that is not is no error. */
  delete(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Deletes everything under `prefix` (which ends in `/`: `job-1` would take `job-10` along), page by page. */
  deletePrefix(prefix: string, signal?: AbortSignal): Promise<void>;
  /** Replaces what is at `to`. */
  copy(from: string, to: string, signal?: AbortSignal): Promise<void>;
  /**
   * An address that anybody may read for a while (a week at most); undefined where the store has none (`file:`).
   * With `fileName` a browser saves it under that name.
   */
  presign(
    key: string,
    options: { expiresSeconds: number; fileName?: string | undefined },
  ): Promise<string | undefined>;
  /** Whether the store itself refuses to create what exists; asked once, by writing below `scratch/`. */
  probe(signal?: AbortSignal): Promise<{ conditionalCreate: boolean }>;
  /** Closes connections. Idempotent. */
  close(): Promise<void>;
}
