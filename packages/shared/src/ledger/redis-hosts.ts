import { type Redis } from 'ioredis';
import { type RedisKeys } from '../queue/redis-keys.js';
import { hostSchema, type HostRecord, type HostRegistry } from './hosts.js';

const SEEN_WITHIN_MS = 20_000;
/** Hosts that have been silent for this long are forgotten (1 h). */
const FORGET_AFTER_MS = 3_600_000;

export function createHostRegistry(
  redis: Redis,
  { keys, now }: { keys: RedisKeys; now: () => number },
): HostRegistry {
  return {
    async announce(host) {
      await redis.hset(keys.hosts, host.id, JSON.stringify(host));
    },
    async withdraw(id) {
      await redis.hdel(keys.hosts, id);
    },
    async list(withinMs = SEEN_WITHIN_MS) {
      const entries = Object.values(await redis.hgetall(keys.hosts));
      const hosts = entries.flatMap(parseHost);
      const forgotten = hosts.filter(({ seenAtMs }) => seenAtMs < now() - FORGET_AFTER_MS);
      if (forgotten.length > 0) await redis.hdel(keys.hosts, ...forgotten.map(({ id }) => id));
      return hosts.filter(({ seenAtMs }) => seenAtMs >= now() - withinMs);
    },
  };
}

/** A host of another version may say what this one does not understand. */
function parseHost(text: string): HostRecord[] {
  const result = hostSchema.safeParse(JSON.parse(text));
  return result.success ? [result.data] : [];
}
