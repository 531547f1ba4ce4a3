import { describe, expect, it } from 'vitest';
import { type DecodingOptions } from '../recognizer.js';
import { createSegmentQueue } from './segment-queue.js';

const noCancel = new Int32Array(1);

describe('the segment queue', () => {
  it('gives the longest first and groups those of like length', () => {
    const queue = createQueue({ laneCount: 2, batchSize: 2 });
    [3, 9, 1, 7].forEach((length) => queue.add(item(length)));
    expect(take(queue)).toEqual([9, 7]);
    expect(take(queue)).toEqual([3]);
    expect(take(queue)).toEqual([1]);
    expect(take(queue)).toEqual([]);
  });

  it('leaves work for the other lanes', () => {
    const queue = createQueue({ laneCount: 4, batchSize: 8 });
    [1, 2, 3, 4].forEach((length) => queue.add(item(length)));
    expect(take(queue)).toEqual([4]);
  });

  it('groups only what shares options and cancellation', () => {
    const queue = createQueue({ laneCount: 1, batchSize: 8 });
    queue.add(item(5));
    queue.add({ ...item(4), cancelFlag: new Int32Array(1) });
    queue.add({ ...item(3), decoding: { language: 'de' } });
    queue.add(item(2));
    expect(take(queue)).toEqual([5, 2]);
    expect(take(queue)).toEqual([4]);
    expect(take(queue)).toEqual([3]);
  });

  it('groups what nobody can cancel', () => {
    const queue = createQueue({ laneCount: 1, batchSize: 8 });
    [5, 4].forEach((length) => queue.add({ samples: new Float32Array(length) }));
    expect(take(queue)).toEqual([5, 4]);
  });

  it('lets no short segment wait for ever', () => {
    const queue = createQueue({ laneCount: 1, batchSize: 1 });
    queue.add(item(1));
    let rounds = 0;
    for (let taken = 0; taken !== 1; rounds++) {
      queue.add(item(10));
      taken = take(queue)[0]!;
    }
    expect(rounds).toBeLessThan(100);
  });

  it('forgets what is withdrawn', () => {
    const queue = createQueue({ laneCount: 1, batchSize: 4 });
    const withdrawn = item(5);
    queue.add(withdrawn);
    queue.add(item(2));
    queue.remove(withdrawn);
    expect(take(queue)).toEqual([2]);
  });
});

type Item = {
  samples: Float32Array;
  decoding?: DecodingOptions;
  cancelFlag?: Int32Array;
};

function createQueue(options: { laneCount: number; batchSize: number }) {
  return createSegmentQueue<Item>(options);
}

function item(length: number): Item {
  return { samples: new Float32Array(length), cancelFlag: noCancel };
}

function take(queue: ReturnType<typeof createQueue>): number[] {
  return queue.takeGroup().map(({ samples }) => samples.length);
}
