// The floor: as many BullMQ jobs that do nothing, added and processed in this process of their own.
// node no-op-jobs.js <redis url> <jobs>; prints one line of JSON.

import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** As many as the API submits at a time, and as a worker of two lanes has in hand. */
const ADDED_AT_ONCE = 8;
const CONCURRENCY = 3;

const [, , url = '', count = '0'] = process.argv;
const jobs = Number(count);
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue<{ jobId: string }>('no-op', { connection, prefix: '{no-op}' });
await queue.waitUntilReady();

const started = performance.now();
const before = process.cpuUsage();
let added = 0;
const addSome = async () => {
  while (added < jobs) {
    const jobId = `job-${added++}`;
    await queue.add('job', { jobId }, { jobId, removeOnComplete: true, attempts: 20 });
  }
};
await Promise.all(Array.from({ length: ADDED_AT_ONCE }, addSome));

let processed = 0;
await new Promise<void>((resolve) => {
  const worker = new Worker(
    'no-op',
    async () => {
      await Promise.resolve();
    },
    { connection: connection.duplicate(), prefix: '{no-op}', concurrency: CONCURRENCY },
  );
  worker.on('completed', () => {
    if (++processed === jobs) void worker.close().then(resolve);
  });
});
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - started }));
await queue.close();
process.exit(0);
