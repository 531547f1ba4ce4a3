// Quiet lines about what the fleet does, read from its events; many at a time become one line.

import { setTimeout as sleep } from 'node:timers/promises';
import { type FleetEvent } from '@stenofleet/shared/job';
import { createLedger } from '@stenofleet/shared/ledger';
import { createRedisKeys, openRedis } from '@stenofleet/shared/queue';
import { type StartedFleet } from './run-fleet.js';

const GATHER_MS = 2_000;
const WAIT_MS = 1_000;
const PAGE = 500;
/** More than that in one moment are counted, not listed. */
const MAX_LISTED = 6;

export type FinishedJob = {
  id: string;
  name: string;
  status: 'done' | 'partial' | 'failed' | 'cancelled';
  audioSeconds: number | undefined;
  /** From its first attempt to its end. */
  elapsedSeconds: number | undefined;
  code: string | undefined;
};

/** Jobs that ended within a moment: each, or where they are too many, only their number by outcome. */
export type JobNews = {
  listed: FinishedJob[];
  counts: Partial<Record<FinishedJob['status'], number>>;
  audioSeconds: number;
  queued: number;
};

/** Ends with the signal; trouble with Redis is told by others. */
export async function followJobs(
  { redisUrl, redisNamespace }: Pick<StartedFleet, 'redisUrl' | 'redisNamespace'>,
  { signal, onNews }: { signal: AbortSignal; onNews: (news: JobNews) => void },
): Promise<void> {
  const redis = openRedis(redisUrl);
  const ledger = createLedger(redis, {
    keys: createRedisKeys(redisNamespace),
    retentionMs: 0,
    now: Date.now,
  });
  let after: string | undefined;
  try {
    while (!signal.aborted) {
      try {
        after ??= await ledger.getLastEventId();
        const events = await ledger.readEvents(after, { waitMs: WAIT_MS, limit: PAGE, signal });
        if (events.length === 0) continue;
        after = events.at(-1)?.id ?? after;
        const ended = events.filter(isEnd);
        const listed = ended.length > MAX_LISTED ? [] : ended;
        const records = await ledger.getJobs(listed.map(({ job = '' }) => job));
        const news = sumUp(events);
        for (const [index, event] of listed.entries()) {
          const record = records[index];
          const startedAtMs = record?.startedAtMs;
          news.listed.push({
            id: event.job ?? '',
            name: record?.spec.source.name ?? '',
            status: toStatus(event),
            audioSeconds: event.audioSeconds ?? record?.audioSeconds,
            elapsedSeconds:
              startedAtMs === undefined ? undefined : (event.atMs - startedAtMs) / 1000,
            code: event.code,
          });
        }
        if (ended.length > 0 || news.queued > 0) onNews(news);
      } catch {
        // Redis is away, and its own part says so.
      }
      await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    redis.disconnect();
  }
}

export function sumUp(events: readonly FleetEvent[]): JobNews {
  const counts: JobNews['counts'] = {};
  let audioSeconds = 0;
  for (const event of events.filter(isEnd)) {
    const status = toStatus(event);
    counts[status] = (counts[status] ?? 0) + 1;
    if (status === 'done' || status === 'partial') audioSeconds += event.audioSeconds ?? 0;
  }
  const queued = events.filter(({ type }) => type === 'job.queued').length;
  return { listed: [], counts, audioSeconds, queued };
}

const ENDS: readonly string[] = ['job.done', 'job.partial', 'job.failed', 'job.cancelled'];

function isEnd({ type }: FleetEvent): boolean {
  return ENDS.includes(type);
}

function toStatus({ type }: FleetEvent): FinishedJob['status'] {
  return type.slice('job.'.length) as FinishedJob['status'];
}
