// Keys of our own beside BullMQ's; see `ledger/` for what they hold.

export type RedisKeys = ReturnType<typeof createRedisKeys>;

export function createRedisKeys(namespace: string) {
  const tag = `{${namespace}}`;
  return {
    tag,
    /** Hash: spec, state and progress of a job. */
    job: (id: string) => `${tag}:job:${id}`,
    /** Hash: audio seconds done and crashes, by chunk; gone when the job is final. */
    chunks: (id: string) => `${tag}:chunks:${id}`,
    /** Sorted set of a tenant's job ids by time of creation, of all or of one status. */
    index: (tenant: string, status = 'all') => `${tag}:index:${tenant}:${status}`,
    /** Sorted set of all job ids that are queued or running, by last change: what the reconciler looks through. */
    open: `${tag}:open`,
    /** Sorted set of final jobs by the time at which their record is to go. */
    expiry: `${tag}:expiry`,
    batch: (id: string) => `${tag}:batch:${id}`,
    /** Sorted set of a batch's job ids by item number. */
    batchJobs: (id: string) => `${tag}:batch-jobs:${id}`,
    /** List of refused items. */
    batchRefused: (id: string) => `${tag}:batch-refused:${id}`,
    /** Hash: items that share the job of an earlier one → that job. */
    batchDuplicates: (id: string) => `${tag}:batch-dup:${id}`,
    /** Hash `code` → count, `code/n` → example. */
    batchFailures: (id: string) => `${tag}:batch-failures:${id}`,
    batchIndex: (tenant: string) => `${tag}:batches:${tenant}`,
    /** String: which job publishes under this name. */
    output: (digest: string) => `${tag}:output:${digest}`,
    /** Hash of a tenant's quotas in use: `open` jobs, `seconds:<day>`. */
    usage: (tenant: string) => `${tag}:usage:${tenant}`,
    /** Hash of backlog: `<model>~<tier>:jobs`, `:seconds`, `:unmeasured`, and totals of finished ones. */
    backlog: `${tag}:backlog`,
    /** Hash of virtual time per queue and priority. */
    fair: `${tag}:fair`,
    events: `${tag}:events`,
    /** Stream of final events that somebody wants by webhook; entries go when they have become deliveries. */
    notices: `${tag}:notices`,
    delivery: (id: string) => `${tag}:delivery:${id}`,
    deliveries: (jobOrBatch: string) => `${tag}:deliveries:${jobOrBatch}`,
    keys: `${tag}:keys`,
    tenant: (tenant: string) => `${tag}:tenant:${tenant}`,
    hosts: `${tag}:hosts`,
    lock: (name: string) => `${tag}:lock:${name}`,
    /** Channel: ids of jobs that were cancelled. */
    cancelChannel: `${tag}:cancel`,
  };
}
