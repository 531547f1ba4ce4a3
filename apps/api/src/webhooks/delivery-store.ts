// Deliveries as Redis keeps them: one hash each, and a list of them for each job or batch.
//
//     pending ──▶ delivered
//        │ └────▶ stopped (the receiver answered 410: it wants no more of it)
//        └──────▶ failed (a day of tries); `redeliver` leads from any of the three back to pending

import { type RedisKeys } from '@stenofleet/shared/queue';
import { type Redis } from 'ioredis';
import { z } from 'zod';

/** Tries that are remembered. */
const LOG_LENGTH = 40;

export const deliveryTrySchema = z.object({
  at: z.string(),
  /** HTTP status; absent where there was no answer. */
  status: z.number().optional(),
  /** Why there was none. */
  error: z.string().optional(),
  /** The answer's first KiB. */
  response: z.string().optional(),
  milliseconds: z.number(),
});
export type DeliveryTry = z.infer<typeof deliveryTrySchema>;

const deliverySpecSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** Job or batch. */
  subject: z.string(),
  type: z.string(),
  url: z.string(),
  /** What is sent, each time the same. */
  body: z.string(),
  createdAtMs: z.number(),
});
export type DeliverySpec = z.infer<typeof deliverySpecSchema>;

export const deliveryStatuses = ['pending', 'delivered', 'failed', 'stopped'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export type Delivery = DeliverySpec & {
  status: DeliveryStatus;
  /** Oldest first. */
  tries: DeliveryTry[];
};

export type DeliveryStore = {
  /** Once for each id, however often it is called and by however many processes. */
  create: (spec: DeliverySpec) => Promise<void>;
  get: (id: string) => Promise<Delivery | undefined>;
  /** Newest first. */
  list: (subject: string, limit: number) => Promise<Delivery[]>;
  recordTry: (id: string, outcome: { status: DeliveryStatus; entry: DeliveryTry }) => Promise<void>;
  setStatus: (id: string, status: DeliveryStatus) => Promise<void>;
};

// delivery, list of its subject: spec id retention
const CREATE = `
if redis.call('HSETNX', KEYS[1], 'spec', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'status', 'pending')
  redis.call('RPUSH', KEYS[2], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
`;
// delivery: status entry; nothing for one that has gone
const RECORD = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local tries = cjson.decode(redis.call('HGET', KEYS[1], 'tries') or '[]')
if ARGV[2] ~= '' then
  tries[#tries + 1] = ARGV[2]
  if #tries > ${LOG_LENGTH} then table.remove(tries, 1) end
  redis.call('HSET', KEYS[1], 'tries', cjson.encode(tries))
end
redis.call('HSET', KEYS[1], 'status', ARGV[1])
return 1
`;

/** `redis` stays the caller's. */
export function createDeliveryStore(
  redis: Redis,
  { keys, retentionMs }: { keys: RedisKeys; retentionMs: number },
): DeliveryStore {
  const get = async (id: string) => parseDelivery(await redis.hgetall(keys.delivery(id)));
  return {
    async create(spec) {
      const names = [keys.delivery(spec.id), keys.deliveries(spec.subject)];
      await redis.eval(CREATE, 2, ...names, JSON.stringify(spec), spec.id, Math.ceil(retentionMs));
    },
    get,
    async list(subject, limit) {
      const ids = await redis.lrange(keys.deliveries(subject), -limit, -1);
      const found = await Promise.all(ids.reverse().map(get));
      return found.filter((delivery) => delivery !== undefined);
    },
    async recordTry(id, { status, entry }) {
      await redis.eval(RECORD, 1, keys.delivery(id), status, JSON.stringify(entry));
    },
    async setStatus(id, status) {
      await redis.eval(RECORD, 1, keys.delivery(id), status, '');
    },
  };
}

const triesSchema = z.union([z.array(z.string()), z.record(z.string(), z.never())]);

function parseDelivery(hash: Record<string, string>): Delivery | undefined {
  const { spec, status, tries } = hash;
  if (spec === undefined) return undefined;
  // An empty Lua table is an object in JSON.
  const lines = triesSchema.parse(JSON.parse(tries ?? '[]'));
  return {
    ...deliverySpecSchema.parse(JSON.parse(spec)),
    status: z.enum(deliveryStatuses).parse(status),
    tries: (Array.isArray(lines) ? lines : []).map((line) =>
      deliveryTrySchema.parse(JSON.parse(line)),
    ),
  };
}
