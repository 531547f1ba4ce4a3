import { isDeepStrictEqual } from 'node:util';
import { type DecodingOptions } from '../recognizer.js';

type QueuedSegment = {
  samples: Float32Array;
  decoding?: DecodingOptions;
  cancelFlag?: Int32Array;
};

/** Segments waiting for a lane. */
export interface SegmentQueue<Item extends QueuedSegment> {
  readonly size: number;
  add(item: Item): void;
  remove(item: Item): void;
  /** Takes what one lane gets next; empty if nothing waits. */
  takeGroup(): Item[];
  clear(): Item[];
}

/** A segment that this many others per lane have overtaken goes next, however short it is. */
const MAX_OVERTAKEN_PER_LANE = 64;

/**
 * Longest first, so that no lane is left with a long segment at the end. A group shares its options and cancellation;
 * it is as large as the model profits from, but never so large that another lane stays idle.
 */
export function createSegmentQueue<Item extends QueuedSegment>({
  laneCount,
  batchSize,
}: {
  laneCount: number;
  batchSize: number;
}): SegmentQueue<Item> {
  /** Longest first; `ticket` tells the order of arrival. */
  let waiting: { item: Item; length: number; ticket: number }[] = [];
  let nextTicket = 0;

  const chooseLeader = () => {
    const oldest = waiting.reduce((a, b) => (b.ticket < a.ticket ? b : a));
    const overtaken = nextTicket - oldest.ticket - waiting.length;
    return overtaken > MAX_OVERTAKEN_PER_LANE * laneCount ? oldest : waiting[0]!;
  };

  return {
    get size() {
      return waiting.length;
    },
    add(item) {
      const length = item.samples.length;
      const at = waiting.findIndex((other) => other.length < length);
      const entry = { item, length, ticket: nextTicket++ };
      waiting.splice(at < 0 ? waiting.length : at, 0, entry);
    },
    remove(item) {
      waiting = waiting.filter((entry) => entry.item !== item);
    },
    takeGroup() {
      if (waiting.length === 0) return [];
      const leader = chooseLeader();
      const { decoding, cancelFlag } = leader.item;
      const groupSize = Math.min(batchSize, Math.ceil(waiting.length / laneCount));
      const group = [leader];
      for (const entry of waiting) {
        if (group.length >= groupSize) break;
        const fits =
          entry.item.cancelFlag === cancelFlag && isDeepStrictEqual(entry.item.decoding, decoding);
        if (fits && entry !== leader) group.push(entry);
      }
      waiting = waiting.filter((entry) => !group.includes(entry));
      return group.map((entry) => entry.item);
    },
    clear() {
      const items = waiting.map((entry) => entry.item);
      waiting = [];
      return items;
    },
  };
}
