import { type FleetEvent } from '@stenofleet/shared/job';
import { describe, expect, it, vi } from 'vitest';
import { createEventHub } from './event-hub.js';

const event = (id: string): FleetEvent => ({ id, type: 'job.queued', tenant: 't', atMs: 1 });

/** A stream whose readers wait for what is written. */
function createFakeStream() {
  const events: FleetEvent[] = [event('1-0')];
  let reads = 0;
  return {
    write: (id: string) => void events.push(event(id)),
    get reads() {
      return reads;
    },
    ledger: {
      getLastEventId: () => Promise.resolve(events.at(-1)?.id ?? '0-0'),
      readEvents: async (after: string) => {
        reads++;
        await new Promise((resolve) => setImmediate(resolve));
        return events.filter(({ id }) => Number.parseInt(id) > Number.parseInt(after));
      },
    },
  };
}

describe('createEventHub', () => {
  it('tells all listeners what comes, through one reader, and stops reading without listeners', async () => {
    const stream = createFakeStream();
    const hub = createEventHub({ ledger: stream.ledger, log: { warn: vi.fn() } });
    const [first, second]: [string[], string[]] = [[], []];
    const stopFirst = await hub.subscribe(({ id }) => first.push(id));
    const stopSecond = await hub.subscribe(({ id }) => second.push(id));
    stream.write('2-0');
    stream.write('3-0');
    await vi.waitFor(() => expect(second).toEqual(['2-0', '3-0']));
    expect(first).toEqual(['2-0', '3-0']);
    stopFirst();
    stopSecond();
    await hub.close();
    const { reads } = stream;
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.reads).toBe(reads);
  });

  it('tells a subscriber when Redis is away, and works for the next', async () => {
    const stream = createFakeStream();
    const { getLastEventId } = stream.ledger;
    let calls = 0;
    const hub = createEventHub({
      ledger: {
        ...stream.ledger,
        getLastEventId: () =>
          calls++ === 0 ? Promise.reject(new Error('away')) : getLastEventId(),
      },
      log: { warn: vi.fn() },
    });
    await expect(hub.subscribe(() => undefined)).rejects.toThrow('away');
    const seen: string[] = [];
    await hub.subscribe(({ id }) => seen.push(id));
    stream.write('2-0');
    await vi.waitFor(() => expect(seen).toEqual(['2-0']));
    await hub.close();
  });
});
