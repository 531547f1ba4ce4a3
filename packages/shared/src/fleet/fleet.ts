import { type Redis } from 'ioredis';
import { type HostRegistry, type Ledger } from '../ledger/index.js';
import { type QueueSet, type RedisKeys } from '../queue/index.js';
import { type SourceReader } from '../source/index.js';
import { type ObjectStore } from '../storage/index.js';

/** What every process of a fleet works with. */
export type Fleet = {
  /** For commands; BullMQ workers open connections of their own with `redisUrl`. */
  redis: Redis;
  redisUrl: string;
  keys: RedisKeys;
  queues: QueueSet;
  ledger: Ledger;
  hosts: HostRegistry;
  /** The fleet's own storage: scratch, uploads, default results. */
  storage: ObjectStore;
  /**
   * The store of an address inside the storage or a configured output prefix; the same object for the same address.
   * @throws CodedError `PATH_FORBIDDEN`
   */
  openStore: (url: string) => ObjectStore;
  sources: SourceReader;
  close: () => Promise<void>;
};
