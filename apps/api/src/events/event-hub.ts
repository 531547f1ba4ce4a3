// One reader of the fleet's events per process, whoever and however many follow.

import { setTimeout as wait } from 'node:timers/promises';
import { type FleetEvent } from '@stenofleet/shared/job';
import { type Ledger } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';

const PAGE = 500;
const WAIT_MS = 5_000;
/** After Redis was away. */
const PAUSE_MS = 1_000;

export type Listener = (event: FleetEvent) => void;

export type EventHub = {
  /**
   * Tells every event from now on; when it answers, none that is written later is missed. Answers how to stop.
   * @throws CodedError `REDIS_UNAVAILABLE`
   */
  subscribe: (listener: Listener) => Promise<() => void>;
  close: () => Promise<void>;
};

/** Reads while somebody listens. */
export function createEventHub({
  ledger,
  log,
}: {
  ledger: Pick<Ledger, 'readEvents' | 'getLastEventId'>;
  log: Pick<Log, 'warn'>;
}): EventHub {
  const listeners = new Set<Listener>();
  let reading: { stop: AbortController; begun: Promise<string>; ended: Promise<void> } | undefined;

  function start(): { begun: Promise<string> } {
    if (reading) return reading;
    const stop = new AbortController();
    const begun = ledger.getLastEventId();
    const ended = begun.then(
      (position) => read(position, stop.signal),
      // The subscriber is told.
      () => undefined,
    );
    reading = { stop, begun, ended };
    return reading;
  }

  async function end(): Promise<void> {
    const ending = reading;
    reading = undefined;
    ending?.stop.abort();
    await ending?.ended;
  }

  async function read(from: string, signal: AbortSignal): Promise<void> {
    let position = from;
    let isTold = false;
    while (!signal.aborted) {
      try {
        const events = await ledger.readEvents(position, { waitMs: WAIT_MS, limit: PAGE, signal });
        position = events.at(-1)?.id ?? position;
        isTold = false;
        for (const event of events) listeners.forEach((listener) => listener(event));
      } catch (err) {
        if (!isTold) log.warn({ err }, 'events: they cannot be read');
        isTold = true;
        await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    async subscribe(listener) {
      listeners.add(listener);
      const current = start();
      try {
        await current.begun;
      } catch (error) {
        listeners.delete(listener);
        if (reading === current) reading = undefined;
        throw error;
      }
      return () => {
        listeners.delete(listener);
        // Its end is awaited by close; here nobody waits for it.
        if (listeners.size === 0) void end();
      };
    },
    close: async () => {
      listeners.clear();
      await end();
    },
  };
}
