import { setTimeout as sleep } from 'node:timers/promises';
import { type Redis } from 'ioredis';
import { type FleetEvent, jobEventSchema } from '../job/index.js';
import { toRedisError } from '../queue/redis-connection.js';

/** Asking costs a fraction of a millisecond and, unlike a blocking read, no connection of its own. */
const POLL_MS = 200;

export async function readEvents(
  redis: Redis,
  {
    key,
    after,
    waitMs,
    limit,
    signal,
  }: { key: string; after: string; waitMs: number; limit: number; signal?: AbortSignal },
): Promise<FleetEvent[]> {
  let from = after === '$' ? await getLastId(redis, key) : after;
  const deadline = performance.now() + waitMs;
  for (;;) {
    const entries = await redis
      .xrange(key, `(${from}`, '+', 'COUNT', limit)
      .catch((error: unknown) => {
        throw toRedisError(error);
      });
    const events = entries.flatMap(parseEvent);
    if (events.length > 0) return events;
    // A page of nothing but events of another version.
    from = entries.at(-1)?.[0] ?? from;
    if (entries.length > 0) continue;
    if (signal?.aborted || performance.now() >= deadline) return [];
    await sleep(Math.min(POLL_MS, Math.max(1, waitMs)), undefined, signal && { signal }).catch(
      () => undefined,
    );
  }
}

async function getLastId(redis: Redis, key: string): Promise<string> {
  const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
  return last?.[0] ?? '0-0';
}

/** One that this version does not know is passed over. */
function parseEvent([id, [, text]]: [string, string[]]): FleetEvent[] {
  const result = jobEventSchema.safeParse({ id, ...(JSON.parse(text ?? '{}') as object) });
  return result.success ? [result.data] : [];
}
