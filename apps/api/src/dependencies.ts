// What routes work with; wired in main.ts, given to createServer.

import { type HostRegistry, type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { type QueueSet, type RedisKeys } from '@stenofleet/shared/queue';
import { type SourceReader } from '@stenofleet/shared/source';
import { type ObjectStore } from '@stenofleet/shared/storage';
import { type Redis } from 'ioredis';
import { type ApiConfig } from './config.js';
import { type ModelDirectory } from './model-directory.js';

export type ApiDependencies = {
  config: ApiConfig;
  log: Log;
  ledger: Ledger;
  hosts: HostRegistry;
  queues: QueueSet;
  redis: Redis;
  keys: RedisKeys;
  /** The fleet's own storage: scratch, uploads, default results. */
  storage: ObjectStore;
  /** The store that holds an output prefix or manifest; one of those configured. Cached, closed with the process. */
  openStore: (url: string) => ObjectStore;
  sources: SourceReader;
  /** Which models and tiers there are, and who serves them now. */
  models: ModelDirectory;
  /** ms since 1970. */
  now: () => number;
};

export const scopes = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who asks. */
export type Principal = {
  tenant: string;
  scopes: readonly Scope[];
  /** Absent where keys are off (bound to loopback). */
  keyId?: string;
};

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
  }
}
