import { fileURLToPath } from 'node:url';
import { CodedError } from '../errors/index.js';
import { createFileStore } from './file-store.js';
import { type ObjectStore } from './object-store.js';
import { type S3Settings } from './s3-client.js';
import { createS3Store } from './s3-store.js';
import { serveThroughLock } from './serve-through-lock.js';
import { type StoreLock } from './store-lock.js';

export type OpenStoreOptions = {
  /** For `s3:` addresses. */
  s3?: S3Settings;
  /** For stores that cannot refuse to create what exists; such a store is refused without one. */
  lock?: StoreLock;
  /** Whether to ask the store by writing to it. Leave out where it is only read. @defaultValue true */
  probe?: boolean;
  signal?: AbortSignal;
};

/** The store of `s3://bucket/prefix` or `file:///folder`, whose conditional creation holds in any case. */
export async function openStore(
  url: string,
  { s3, lock, probe = true, signal }: OpenStoreOptions = {},
): Promise<ObjectStore> {
  const store = createStore(url, s3);
  try {
    if (!probe || (await store.probe(signal)).conditionalCreate) return store;
  } catch (error) {
    await store.close();
    throw error;
  }
  if (lock !== undefined) return serveThroughLock(store, lock);
  await store.close();
  throw new CodedError(
    'CONFIG_INVALID',
    `The store at ${url} cannot refuse to overwrite an object (If-None-Match); with a Redis at hand a lock there serves.`,
  );
}

function createStore(url: string, s3: S3Settings | undefined): ObjectStore {
  if (url.startsWith('s3:')) return createS3Store({ ...s3, url });
  const root = url.startsWith('file:') ? toFolder(url) : undefined;
  if (root !== undefined) return createFileStore({ root });
  throw new CodedError(
    'CONFIG_INVALID',
    `"${url}" is no storage address: s3://bucket/prefix and file:///folder are accepted.`,
  );
}

function toFolder(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
