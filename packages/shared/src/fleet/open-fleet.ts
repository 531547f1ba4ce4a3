// A fleet's settings → what its processes work with.

import { type FleetVariables, resolveStorageUrl } from '../config/index.js';
import { CodedError } from '../errors/index.js';
import { createHostRegistry, createLedger } from '../ledger/index.js';
import { type Log } from '../log/index.js';
import {
  createQueueCatalogue,
  createQueueSet,
  createRedisKeys,
  openRedis,
} from '../queue/index.js';
import { createSourceReader, isInsidePrefix, jailPath } from '../source/index.js';
import {
  createRedisLock,
  createS3Store,
  createStoreView,
  type ObjectStore,
  openStore,
  type S3Settings,
} from '../storage/index.js';
import { type Fleet } from './fleet.js';

const DAY_MS = 86_400_000;

export type OpenFleetOptions = {
  log: Log;
  /** ms since 1970. @defaultValue Date.now */
  now?: () => number;
};

/** Opens what the variables name, and asks each store whether it can be written. @throws CodedError `STORE_…`, `CONFIG_INVALID` */
export async function openFleet(
  variables: FleetVariables,
  { log, now = Date.now }: OpenFleetOptions,
): Promise<Fleet> {
  const s3 = toS3Settings(variables);
  const keys = createRedisKeys(variables.STENO_REDIS_NAMESPACE);
  const redis = openRedis(variables.REDIS_URL, {
    onError: (error) => log.warn({ error: error.message }, 'Redis does not answer; waiting for it'),
  });
  const roots: ObjectStore[] = [];
  const closeStores = () => Promise.all(roots.map((store) => store.close()));
  try {
    const lock = createRedisLock(redis, { prefix: `${keys.lock('store')}:` });
    const urls = [resolveStorageUrl(variables), ...variables.STENO_OUTPUT_PREFIXES];
    for (const url of urls) roots.push(await openStore(url.replace(/\/+$/, ''), { s3, lock }));
  } catch (error) {
    redis.disconnect();
    await closeStores();
    throw error;
  }
  const storage = roots[0];
  if (!storage) throw new CodedError('CONFIG_INVALID', 'There is no storage.');
  const catalogue = createQueueCatalogue(variables.STENO_REDIS_NAMESPACE);
  const queues = createQueueSet(redis, catalogue);
  const sources = createSourceReader({
    fileRoots: variables.STENO_SOURCE_ROOTS,
    s3: {
      prefixes: variables.STENO_SOURCE_BUCKETS,
      openStore: (url) => createS3Store({ ...s3, url }),
    },
    uploads: storage,
    http: { allowPrivateHosts: variables.STENO_SOURCE_PRIVATE_HOSTS },
    maxBytes: variables.STENO_SOURCE_MAX_BYTES,
  });
  return {
    redis,
    redisUrl: variables.REDIS_URL,
    keys,
    queues,
    ledger: createLedger(redis, {
      keys,
      retentionMs: variables.STENO_JOB_RETENTION_DAYS * DAY_MS,
      now,
    }),
    hosts: createHostRegistry(redis, { keys, now }),
    storage,
    openStore: createStoreFinder(roots),
    sources,
    async close() {
      await queues.close();
      await sources.close();
      await closeStores();
      redis.disconnect();
    },
  };
}

/** Finds the root that holds an address, and shows it from there. @throws CodedError `PATH_FORBIDDEN` */
function createStoreFinder(stores: readonly ObjectStore[]): (address: string) => ObjectStore {
  // In one spelling, so that what is cut off below is the root and nothing else.
  const roots = stores.map((store) => ({ store, url: jailPath(store.url, [store.url]) }));
  const prefixes = roots.map((root) => root.url);
  return (address) => {
    const url = jailPath(address, prefixes);
    const root = roots.find((candidate) => isInsidePrefix(candidate.url, url));
    if (!root) {
      const message = `${url} lies outside of the configured output prefixes.`;
      throw new CodedError('PATH_FORBIDDEN', message);
    }
    const below = url.slice(root.url.length).replace(/^\/+/, '');
    if (below === '') return root.store;
    return createStoreView(root.store, url.startsWith('file:') ? decodeURIComponent(below) : below);
  };
}

function toS3Settings(variables: FleetVariables): S3Settings {
  const { STENO_S3_ACCESS_KEY_ID: accessKeyId, STENO_S3_SECRET_ACCESS_KEY: secretAccessKey } =
    variables;
  return {
    endpoint: variables.STENO_S3_ENDPOINT,
    region: variables.STENO_S3_REGION,
    forcePathStyle: variables.STENO_S3_PATH_STYLE,
    idleTimeoutMs: variables.STENO_S3_IDLE_SECONDS * 1000,
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  };
}
