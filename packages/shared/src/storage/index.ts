export { createFileStore, type FileStoreOptions } from './file-store.js';
export { checkKey, compareKeys } from './object-key.js';
export {
  type GetOptions,
  type ListOptions,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
} from './object-store.js';
export { formatObjectUrl, parseObjectKey } from './object-url.js';
export { openStore, type OpenStoreOptions } from './open-store.js';
export { parseS3Url, type S3Url } from './parse-s3-url.js';
export { createS3Client, type S3Credentials, type S3Settings } from './s3-client.js';
export { createS3Store, type S3StoreOptions } from './s3-store.js';
export { serveThroughLock } from './serve-through-lock.js';
export {
  RESULTS_PREFIX,
  SCRATCH_PREFIX,
  scratchKeys,
  scratchPrefix,
  uploadKey,
  UPLOADS_PREFIX,
} from './storage-keys.js';
export { createRedisLock, type RedisLockOptions, type StoreLock } from './store-lock.js';
export { createStoreView } from './store-view.js';
export { sweepTemporaryFiles } from './temporary-files.js';
