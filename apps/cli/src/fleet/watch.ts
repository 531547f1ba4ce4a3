// Follows a job or a batch to its end: the API's events say when to look, its views say what is true.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BatchView,
  batchViewSchema,
  isFinal,
  jobEventSchema,
  type JobView,
  jobViewSchema,
} from '@stenofleet/shared/job';
import { type ApiClient, cancelled } from './api-client.js';
import { jobPageSchema } from './api-schemas.js';
import { followEvents } from './read-events.js';

/** Lines for those that ended at about the same time; more are only counted. */
const MAX_TOLD = 10;
/** Of the jobs in work, as many as a terminal shows. */
const MAX_RUNNING = 8;
const GATHER_MS = 500;

export interface WatchObserver {
  /** Whether it is worth asking for the jobs in work. */
  readonly wantsRunning: boolean;
  batchChanged(batch: BatchView): void;
  /** Jobs in work, as far as there is room for them. */
  jobsRunning(jobs: readonly JobView[]): void;
  jobFinished(job: JobView): void;
  /** So many ended at once that they are not told one by one. */
  manyFinished(count: number): void;
  /** The API is away; it is asked again. */
  trouble(error: Error): void;
}

export type WatchOptions = { client: ApiClient; signal: AbortSignal; observer: WatchObserver };

/** @throws AsrError `CANCELLED`, ApiError */
export async function watchBatch(
  id: string,
  { client, signal, observer }: WatchOptions,
): Promise<BatchView> {
  const path = `/v1/batches/${encodeURIComponent(id)}`;
  const ended = new Set<string>();
  const flush = async () => {
    const ids = [...ended];
    ended.clear();
    const told = await Promise.all(
      ids.slice(0, MAX_TOLD).map((job) => client.request(`/v1/jobs/${job}`, jobViewSchema)),
    );
    told.forEach((job) => observer.jobFinished(job));
    if (ids.length > MAX_TOLD) observer.manyFinished(ids.length - MAX_TOLD);
    if (!observer.wantsRunning) return;
    const query = { batch: id, status: 'running', limit: MAX_RUNNING };
    const running = await client.request('/v1/jobs', jobPageSchema, { query });
    observer.jobsRunning(running.items);
  };
  const gathering = gather(flush, { signal, onTrouble: (error) => observer.trouble(error) });
  try {
    const events = followEvents(client, `${path}/events`, {
      signal,
      onTrouble: (error) => observer.trouble(error),
    });
    for await (const { type, data } of events) {
      if (type === 'snapshot' || type === 'batch.progress') {
        const view = batchViewSchema.safeParse(data);
        if (view.success) observer.batchChanged(view.data);
      } else {
        const event = jobEventSchema.safeParse(data);
        const { job, status } = event.success ? event.data : {};
        if (job !== undefined && status !== undefined && isFinal(status)) ended.add(job);
      }
      gathering.ask();
    }
  } finally {
    await gathering.close();
  }
  if (signal.aborted) throw cancelled();
  const view = await client.request(path, batchViewSchema);
  observer.batchChanged(view);
  return view;
}

/** @throws AsrError `CANCELLED`, ApiError */
export async function watchJob(
  id: string,
  { client, signal, observer }: WatchOptions,
): Promise<JobView> {
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  let latest: JobView | undefined;
  const events = followEvents(client, `${path}/events`, {
    signal,
    onTrouble: (error) => observer.trouble(error),
  });
  for await (const { type, data } of events) {
    const view = type === 'snapshot' ? jobViewSchema.safeParse(data) : undefined;
    const event = jobEventSchema.safeParse(data);
    if (view?.success) latest = view.data;
    else if (latest && event.success) latest = applyEvent(latest, event.data);
    if (latest && !isFinal(latest.status)) observer.jobsRunning([latest]);
  }
  if (signal.aborted) throw cancelled();
  const final = await client.request(path, jobViewSchema);
  observer.jobFinished(final);
  return final;
}

function applyEvent(
  job: JobView,
  { status, doneSeconds, audioSeconds }: ReturnType<typeof jobEventSchema.parse>,
): JobView {
  return {
    ...job,
    status: status ?? job.status,
    progress: {
      ...job.progress,
      ...(doneSeconds !== undefined && { doneSeconds }),
      ...(audioSeconds !== undefined && { audioSeconds }),
    },
  };
}

/** Runs `work` once in a while after it was asked for, and a last time at the end. */
function gather(
  work: () => Promise<void>,
  { signal, onTrouble }: { signal: AbortSignal; onTrouble: (error: Error) => void },
) {
  let isAsked = false;
  let running: Promise<void> | undefined;
  const attempt = () =>
    work().catch((error: unknown) => {
      if (!signal.aborted) onTrouble(error instanceof Error ? error : new Error(String(error)));
    });
  const run = async () => {
    while (isAsked && !signal.aborted) {
      isAsked = false;
      await attempt();
      await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
    }
    running = undefined;
  };
  return {
    ask: () => {
      isAsked = true;
      running ??= run();
    },
    close: async () => {
      isAsked = false;
      await running;
      if (!signal.aborted) await attempt();
    },
  };
}
