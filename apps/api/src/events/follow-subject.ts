// What one reader of a job or batch gets: where things stand, then what happens, each event once.
//
//     subscribe to the hub (events wait) ──▶ known Last-Event-ID: what came behind it, from the stream
//                                      └──▶ none, or one that has left the stream: a snapshot
//     ──▶ what waited, as far as it is newer ──▶ live, until the subject is final ──▶ `end`

import { type FleetEvent } from '@stenofleet/shared/job';
import { type Ledger } from '@stenofleet/shared/ledger';
import { compareEventIds, isEventId, previousEventId } from './compare-event-ids.js';
import { type EventChannel } from './event-channel.js';
import { type EventHub } from './event-hub.js';

const PAGE = 500;
const PROGRESS_MS = 1_000;
/** Events that wait while a reader catches up; beyond, it is cut off and resumes. */
const MAX_WAITING_EVENTS = 20_000;

export type Subject = {
  concerns: (event: FleetEvent) => boolean;
  /** Whether this may be its last event. */
  mayEnd: (event: FleetEvent) => boolean;
  /** Whether an event is told by itself, or only as progress of the whole. */
  isTold: (event: FleetEvent) => boolean;
  /** Its view now; undefined where it has gone. */
  read: () => Promise<{ view: unknown; isFinal: boolean; isChanging: boolean } | undefined>;
  /** Name of the event that carries the view, at most once a second; undefined: none does. */
  progress?: string;
};

export type FollowOptions = {
  channel: EventChannel;
  hub: EventHub;
  ledger: Pick<Ledger, 'readEvents' | 'getLastEventId'>;
  lastEventId: string | undefined;
  /** @defaultValue 1000 */
  progressMs?: number;
};

/** Answers when the reader has gone or has everything. @throws CodedError `REDIS_UNAVAILABLE` */
export async function followSubject(subject: Subject, options: FollowOptions): Promise<void> {
  const { channel, hub, ledger } = options;
  const waiting: FleetEvent[] = [];
  const bell = createBell();
  const unsubscribe = await hub.subscribe((event) => {
    if (!subject.concerns(event)) return;
    waiting.push(event);
    if (waiting.length > MAX_WAITING_EVENTS) channel.cut();
    bell.ring();
  });
  channel.onClose(bell.ring);
  const ticker =
    subject.progress === undefined
      ? undefined
      : setInterval(bell.ring, options.progressMs ?? PROGRESS_MS);
  try {
    const reader = createReader(subject, options);
    if (await reader.begin(ledger)) return;
    while (!channel.isClosed) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        if (await reader.tell(event)) return;
      }
      if (await reader.tellProgress()) return;
      await bell.wait();
    }
  } finally {
    clearInterval(ticker);
    unsubscribe();
  }
}

function createReader(
  subject: Subject,
  { channel, lastEventId, progressMs = PROGRESS_MS }: FollowOptions,
) {
  let position = '0-0';
  let previous: FleetEvent | undefined;
  let isDirty = true;
  let toldAt = -Infinity;
  let toldView = '';

  const end = (view: unknown) => {
    channel.send({ event: 'end', data: view ?? null });
    channel.end();
    return true;
  };

  /** Whether it was the last. */
  async function tell(event: FleetEvent): Promise<boolean> {
    if (compareEventIds(event.id, position) <= 0) return false;
    position = event.id;
    // A job in two batches has its events once for each of them.
    const isTwin = previous !== undefined && isSame(previous, event);
    previous = event;
    isDirty = true;
    if (!isTwin && subject.isTold(event)) {
      channel.send({ id: event.id, event: event.type, data: event });
    }
    if (!subject.mayEnd(event)) return false;
    // It may have been tried again since.
    const now = await subject.read();
    return now === undefined || now.isFinal ? end(now?.view) : false;
  }

  async function sendSnapshot(ledger: Pick<Ledger, 'getLastEventId'>): Promise<boolean> {
    position = await ledger.getLastEventId();
    const now = await subject.read();
    channel.send({ id: position, event: 'snapshot', data: now?.view ?? null });
    toldView = JSON.stringify(now?.view);
    toldAt = performance.now();
    return now === undefined || now.isFinal ? end(now?.view) : false;
  }

  return {
    tell,

    async begin(ledger: Pick<Ledger, 'readEvents' | 'getLastEventId'>): Promise<boolean> {
      if (lastEventId === undefined || !isEventId(lastEventId)) return sendSnapshot(ledger);
      const before = await subject.read();
      const [first] = await ledger.readEvents(previousEventId(lastEventId), {
        waitMs: 0,
        limit: 1,
      });
      // What came behind it may have left the stream as well.
      if (first?.id !== lastEventId) return sendSnapshot(ledger);
      position = lastEventId;
      if (subject.concerns(first)) previous = first;
      for (;;) {
        const page = await ledger.readEvents(position, { waitMs: 0, limit: PAGE });
        for (const event of page) {
          if (channel.isClosed) return true;
          if (!subject.concerns(event)) position = event.id;
          else if (await tell(event)) return true;
        }
        if (page.length === 0) break;
      }
      return before === undefined || before.isFinal ? end(before?.view) : false;
    },

    async tellProgress(): Promise<boolean> {
      if (subject.progress === undefined || performance.now() - toldAt < progressMs) return false;
      if (!isDirty) return false;
      const now = await subject.read();
      if (now === undefined) return end(undefined);
      // Reading the input makes no events.
      isDirty = now.isChanging;
      toldAt = performance.now();
      const text = JSON.stringify(now.view);
      if (text !== toldView) channel.send({ event: subject.progress, data: now.view });
      toldView = text;
      return false;
    },
  };
}

function isSame(a: FleetEvent, b: FleetEvent): boolean {
  return (
    a.job !== undefined &&
    a.job === b.job &&
    a.type === b.type &&
    a.atMs === b.atMs &&
    a.batch !== b.batch &&
    a.doneSeconds === b.doneSeconds
  );
}

/** One waits, many ring; a ring that nobody waits for is kept. */
function createBell() {
  let isRung = false;
  let wake: () => void = () => undefined;
  return {
    ring: () => {
      isRung = true;
      wake();
    },
    wait: async () => {
      if (!isRung) await new Promise<void>((resolve) => (wake = resolve));
      isRung = false;
    },
  };
}
