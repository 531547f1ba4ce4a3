// The ledger's jobs as tickets in BullMQ.

import { Queue } from 'bullmq';
import { type Redis } from 'ioredis';
import { type JobRecord } from '../job/index.js';
import { type ChunkTicket, type QueueCatalogue, chunkTicketId } from './queue-names.js';
import { ticketOptions } from './retry-policy.js';

/** The queues of one process, opened as they are needed. */
export interface QueueSet {
  readonly catalogue: QueueCatalogue;
  get(name: string): Queue;
  /** Puts a job's ticket into its queue; one that is there already stays as it is. */
  addJob(record: JobRecord): Promise<void>;
  /** Puts a chunk behind its parent job, which waits for it. */
  addChunk(parent: JobRecord, ticket: ChunkTicket): Promise<void>;
  /** Whether a worker has the job's ticket in hand, be it for an attempt that is over. */
  isInHand(record: JobRecord): Promise<boolean>;
  /** Takes a job's ticket and those of its chunks out, as far as nobody works on them. */
  removeJob(record: JobRecord, numChunks: number): Promise<void>;
  close(): Promise<void>;
}

/** `redis` stays the caller's. */
export function createQueueSet(redis: Redis, catalogue: QueueCatalogue): QueueSet {
  const queues = new Map<string, Queue>();
  const get = (name: string) => {
    const known = queues.get(name);
    if (known) return known;
    const queue = new Queue(name, { connection: redis, prefix: catalogue.prefix });
    // Errors of the connection are told where the connection was opened.
    queue.on('error', () => undefined);
    queues.set(name, queue);
    return queue;
  };
  const jobsOf = ({ spec }: JobRecord) => get(catalogue.jobs(spec.plan.model, spec.plan.tier));
  const chunksOf = ({ spec }: JobRecord) => get(catalogue.chunks(spec.plan.model, spec.plan.tier));

  return {
    catalogue,
    get,
    async addJob(record) {
      const { id } = record.spec;
      await jobsOf(record).add(
        'job',
        { jobId: id },
        { ...ticketOptions, jobId: id, priority: record.rank },
      );
    },
    async addChunk(parent, ticket) {
      const { id } = parent.spec;
      await chunksOf(parent).add('chunk', ticket, {
        ...ticketOptions,
        jobId: chunkTicketId(id, ticket.index),
        // Its place is that of its job, a step later for each chunk: two long recordings take turns.
        priority: Math.min(parent.rank + ticket.index, MAX_PRIORITY),
        parent: { id, queue: jobsOf(parent).qualifiedName },
        // The job goes on when all chunks have ended, and then looks at what there is.
        ignoreDependencyOnFailure: true,
      });
    },
    async isInHand(record) {
      const ticket = await jobsOf(record).getJob(record.spec.id);
      return ticket !== undefined && (await ticket.isActive());
    },
    async removeJob(record, numChunks) {
      for (let index = 0; index < numChunks; index++) {
        await removeQuietly(chunksOf(record), chunkTicketId(record.spec.id, index));
      }
      await removeQuietly(jobsOf(record), record.spec.id);
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}

/** BullMQ's largest. */
const MAX_PRIORITY = 2_097_151;

/** A ticket that somebody works on cannot be removed: its worker is told otherwise. */
async function removeQuietly(queue: Queue, id: string): Promise<void> {
  await queue.remove(id, { removeChildren: false }).catch(() => 0);
}
