// Every queue and key in Redis. All of them carry one hash tag, so that scripts and BullMQ work in Redis Cluster and on
// the managed services.

/** Names of the catalogue's jobs and what they carry; kept small, for many wait at once. */
export type JobTicket = { jobId: string };
export type ChunkTicket = {
  jobId: string;
  index: number;
  /** Of the plan; names its place in scratch. */
  fingerprint: string;
  audioSeconds: number;
};
export type ExpandTicket = { batchId: string };
export type WebhookTicket = { deliveryId: string };

export type QueueCatalogue = {
  /** Keyword of BullMQ's `prefix` option: `{steno}`. */
  prefix: string;
  /** Whole jobs for a model and tier: prepare, short recordings to their end, assemble. */
  jobs: (model: string, tier: string) => string;
  /** Chunks for a model and tier. */
  chunks: (model: string, tier: string) => string;
  /** Batches whose input is to be read. */
  expand: string;
  webhooks: string;
};

/** Queue names may not hold a colon; model and tier names hold neither that nor a `~`. */
export function createQueueCatalogue(namespace: string): QueueCatalogue {
  return {
    prefix: `{${namespace}}`,
    jobs: (model, tier) => `jobs~${model}~${tier}`,
    chunks: (model, tier) => `chunks~${model}~${tier}`,
    expand: 'expand-batches',
    webhooks: 'webhooks',
  };
}

/** BullMQ's job id of a chunk; `:` is not allowed in one. */
export function chunkTicketId(jobId: string, index: number): string {
  return `${jobId}-c${index}`;
}
