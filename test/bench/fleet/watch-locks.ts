// How far the locks of tickets in hand run down before they are renewed.

import { QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { createQueueCatalogue } from '@stenofleet/shared/queue';

const SAMPLE_EVERY_MS = 200;

export type LockFigures = {
  samples: number;
  /** Least time that any lock had left, in ms. */
  leastLeftMs: number;
  /** Times between two renewals of a lock, in ms. */
  gapsMs: number[];
  stalled: number;
};

export type LockWatch = { stop: () => Promise<LockFigures> };

type Seen = { leftMs: number; renewedAtMs: number | undefined };

export async function watchLocks(
  url: string,
  { model, tier }: { model: string; tier: string },
): Promise<LockWatch> {
  const catalogue = createQueueCatalogue('steno');
  const names = [catalogue.jobs(model, tier), catalogue.chunks(model, tier)];
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const figures: LockFigures = { samples: 0, leastLeftMs: Infinity, gapsMs: [], stalled: 0 };
  const seen = new Map<string, Seen>();

  const events = names.map(
    (name) => new QueueEvents(name, { connection: { url }, prefix: catalogue.prefix }),
  );
  for (const queue of events) {
    queue.on('stalled', () => figures.stalled++);
    await queue.waitUntilReady();
  }

  const look = async (key: string) => {
    const [leftMs, now] = [await redis.pttl(key), performance.now()];
    // Not there any more, or not yet.
    if (leftMs < 0) return;
    figures.samples++;
    figures.leastLeftMs = Math.min(figures.leastLeftMs, leftMs);
    const before = seen.get(key);
    const isRenewed = before !== undefined && leftMs > before.leftMs;
    if (isRenewed && before.renewedAtMs !== undefined)
      figures.gapsMs.push(now - before.renewedAtMs);
    const renewedAtMs = before === undefined || isRenewed ? now : before.renewedAtMs;
    seen.set(key, { leftMs, renewedAtMs });
  };
  const lookAtAll = async () => {
    const locks = new Set<string>();
    for (const name of names) {
      const queue = `${catalogue.prefix}:${name}`;
      const ids = await redis.lrange(`${queue}:active`, 0, -1);
      ids.forEach((id) => locks.add(`${queue}:${id}:lock`));
    }
    // One that is taken anew was not renewed.
    [...seen.keys()].filter((key) => !locks.has(key)).forEach((key) => seen.delete(key));
    await Promise.all([...locks].map(look));
  };
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(lookAtAll);
  }, SAMPLE_EVERY_MS);

  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await Promise.all(events.map((queue) => queue.close()));
      redis.disconnect();
      return figures;
    },
  };
}
