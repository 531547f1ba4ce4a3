// API keys in Redis: `steno_<id>_<secret>`, of which only a hash is kept. The secret has 256 bits, so a plain SHA-256 is
// as strong as a slow hash.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Redis } from 'ioredis';
import { z } from 'zod';
import { type RedisKeys } from '@stenofleet/shared/queue';
import { type Scope, scopes } from './dependencies.js';

const KEY = /^steno_([0-9a-f]{16})_[\w-]{43}$/;

const storedKeySchema = z.object({
  tenant: z.string(),
  scopes: z.array(z.enum(scopes)),
  name: z.string(),
  hash: z.string(),
  createdAtMs: z.number(),
});

const publicKeySchema = storedKeySchema.omit({ hash: true });

export type ApiKey = {
  id: string;
  tenant: string;
  scopes: Scope[];
  name: string;
  createdAtMs: number;
};

export type KeyStore = {
  /** The key itself is told here and never again. */
  create: (wanted: Omit<ApiKey, 'id' | 'createdAtMs'>) => Promise<{ key: string; record: ApiKey }>;
  /** Undefined where it is not one of ours. */
  find: (key: string) => Promise<ApiKey | undefined>;
  /** Oldest first. */
  list: () => Promise<ApiKey[]>;
  /** Answers whether there was one. */
  remove: (id: string) => Promise<boolean>;
};

export function createKeyStore({
  redis,
  keys,
  now,
}: {
  redis: Pick<Redis, 'hget' | 'hset' | 'hgetall' | 'hdel'>;
  keys: Pick<RedisKeys, 'keys'>;
  now: () => number;
}): KeyStore {
  return {
    async create(wanted) {
      const id = randomBytes(8).toString('hex');
      const key = `steno_${id}_${randomBytes(32).toString('base64url')}`;
      const stored = { ...wanted, createdAtMs: now() };
      await redis.hset(keys.keys, id, JSON.stringify({ ...stored, hash: hashKey(key) }));
      return { key, record: { id, ...stored } };
    },
    async find(key) {
      const id = KEY.exec(key)?.[1];
      const text = id === undefined ? null : await redis.hget(keys.keys, id);
      if (id === undefined || text === null) return undefined;
      const { hash, ...stored } = storedKeySchema.parse(JSON.parse(text));
      const isSame = timingSafeEqual(Buffer.from(hash, 'hex'), Buffer.from(hashKey(key), 'hex'));
      return isSame ? { id, ...stored } : undefined;
    },
    async list() {
      const entries = Object.entries(await redis.hgetall(keys.keys));
      return entries
        .map(([id, text]) => {
          return { id, ...publicKeySchema.parse(JSON.parse(text)) };
        })
        .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    },
    async remove(id) {
      return (await redis.hdel(keys.keys, id)) > 0;
    },
  };
}

/** Hex. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
