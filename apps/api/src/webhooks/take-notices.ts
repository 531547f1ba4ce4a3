// Final events that somebody wants become deliveries. Any number of processes take part: an entry is taken by one of them,
// and by another when that one has died; the delivery's id comes from the entry, so that it is created once.

import { setTimeout as wait } from 'node:timers/promises';
import { type FleetEvent, jobEventSchema, toJobView } from '@stenofleet/shared/job';
import { type Log } from '@stenofleet/shared/log';
import { computeFingerprint } from '@stenofleet/shared/job';
import { type Redis } from 'ioredis';
import { z } from 'zod';
import { toBatchView } from '../batches/batch-view.js';
import { type ApiDependencies } from '../dependencies.js';
import { type DeliverySpec } from './delivery-store.js';

const GROUP = 'webhooks';
const PAGE = 50;
/** After Redis was away. */
const PAUSE_MS = 1_000;

const noticeSchema = z.object({
  event: z.string().transform((text) => jobEventSchema.omit({ id: true }).parse(JSON.parse(text))),
  url: z.string(),
  tenant: z.string(),
  subject: z.string(),
});

export type NoticeOptions = {
  dependencies: Pick<ApiDependencies, 'redis' | 'keys' | 'ledger' | 'now'> & {
    log: Pick<Log, 'warn'>;
  };
  /** Of its own: it waits here for what comes. Closing it ends the waiting. */
  connection: Redis;
  /** Names this process among those that take notices. */
  consumer: string;
  /** Silence after which an entry is another's, in ms. */
  claimMs: number;
  /** Records the delivery and puts it into its queue; may be called again for the same one. */
  deliver: (spec: DeliverySpec) => Promise<void>;
  signal: AbortSignal;
};

type Entry = [id: string, fields: string[] | null];

/** Answers when the signal tells it to. */
export async function takeNotices(options: NoticeOptions): Promise<void> {
  const { dependencies, claimMs, signal } = options;
  const { redis, keys, log } = dependencies;
  let isReady = false;
  let claimedAt = -Infinity;
  let isTold = false;
  while (!signal.aborted) {
    try {
      if (!isReady) await createGroup(redis, keys.notices);
      isReady = true;
      let entries: Entry[] = [];
      if (performance.now() - claimedAt >= claimMs / 2) {
        entries = await claim(options);
        // A full page: there may be more.
        if (entries.length < PAGE) claimedAt = performance.now();
      }
      entries = entries.length > 0 ? entries : await readNew(options);
      for (const entry of entries) {
        if (isAborted(signal)) return;
        await take(entry, options);
      }
      isTold = false;
    } catch (err) {
      if (isAborted(signal)) return;
      // The group leaves with the stream, such as when Redis has lost its data.
      isReady = false;
      if (!isTold) log.warn({ err }, 'webhooks: notices cannot be taken');
      isTold = true;
      await pause(PAUSE_MS, signal);
    }
  }
}

async function createGroup(redis: Redis, stream: string): Promise<void> {
  await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('BUSYGROUP')) throw error;
  });
}

async function claim({ dependencies, consumer, claimMs }: NoticeOptions): Promise<Entry[]> {
  const { redis, keys } = dependencies;
  const reply = await redis.xautoclaim(
    keys.notices,
    GROUP,
    consumer,
    claimMs,
    '0-0',
    'COUNT',
    PAGE,
  );
  return (reply as [string, Entry[]])[1];
}

/** Waits for the first until it is time to claim again. */
async function readNew({
  dependencies: { keys },
  connection,
  consumer,
  claimMs,
}: NoticeOptions): Promise<Entry[]> {
  const reply = await connection.xreadgroup(
    'GROUP',
    GROUP,
    consumer,
    'COUNT',
    PAGE,
    'BLOCK',
    Math.ceil(claimMs / 2),
    'STREAMS',
    keys.notices,
    '>',
  );
  return reply?.[0]?.[1] ?? [];
}

async function take([id, fields]: Entry, options: NoticeOptions): Promise<void> {
  const { dependencies, deliver } = options;
  const { redis, keys, log } = dependencies;
  if (fields !== null) {
    const notice = noticeSchema.safeParse(toObject(fields));
    if (notice.success) await deliver(await toSpec(id, { ...notice.data, dependencies }));
    else log.warn({ entry: id }, 'webhooks: a notice that this version does not understand');
  }
  await redis.multi().xack(keys.notices, GROUP, id).xdel(keys.notices, id).exec();
}

/** The view is taken now and sent as it is, however late. */
async function toSpec(
  entry: string,
  {
    event,
    url,
    tenant,
    subject,
    dependencies: { ledger, now },
  }: z.output<typeof noticeSchema> & Pick<NoticeOptions, 'dependencies'>,
): Promise<DeliverySpec> {
  const id = `d${computeFingerprint({ entry, subject })}`;
  const isBatch = event.type.startsWith('batch.');
  const createdAt = new Date(event.atMs).toISOString();
  const view = isBatch ? await readBatch() : await readJob();
  const body = JSON.stringify({ id, type: event.type, createdAt, ...view });
  return { id, tenant, subject, type: event.type, url, body, createdAtMs: now() };

  async function readBatch() {
    const record = await ledger.getBatch(subject);
    return { batch: record ? toBatchView(record, now()) : pickGone(event, subject) };
  }
  async function readJob() {
    const record = await ledger.getJob(subject);
    return { job: record ? toJobView(record, now()) : pickGone(event, subject) };
  }
}

/** Its record was deleted meanwhile. */
function pickGone({ status }: Omit<FleetEvent, 'id'>, id: string) {
  return { id, ...(status !== undefined && { status }) };
}

function toObject(fields: readonly string[]): Record<string, string> {
  const entries: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2)
    entries.push([fields[i] ?? '', fields[i + 1] ?? '']);
  return Object.fromEntries(entries);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
