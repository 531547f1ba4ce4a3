export { createQueueSet, type QueueSet } from './job-queue.js';
export {
  chunkTicketId,
  type ChunkTicket,
  createQueueCatalogue,
  type ExpandTicket,
  type JobTicket,
  type QueueCatalogue,
  type WebhookTicket,
} from './queue-names.js';
export {
  checkRedis,
  type ConnectionUse,
  openRedis,
  type RedisProblem,
  toRedisError,
} from './redis-connection.js';
export { createRedisKeys, type RedisKeys } from './redis-keys.js';
export { MAX_TRIES, planRetryPause, ticketOptions } from './retry-policy.js';
