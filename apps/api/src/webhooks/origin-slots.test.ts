import { describe, expect, it } from 'vitest';
import { createOriginSlots } from './origin-slots.js';

describe('createOriginSlots', () => {
  it('gives one receiver no more than its slots, whatever the path, and others theirs', () => {
    const slots = createOriginSlots(2);
    expect(slots.take('https://slow.example/a').release).toBeDefined();
    expect(slots.take('https://slow.example/b').release).toBeDefined();
    expect(slots.take('https://slow.example/c').pauseMs).toBe(1_000);
    expect(slots.take('https://other.example/a').release).toBeDefined();
  });

  it('has a slot again when a try has ended', () => {
    const slots = createOriginSlots(1);
    slots.take('https://slow.example/a').release?.(false);
    expect(slots.take('https://slow.example/b').release).toBeDefined();
  });

  it('lets more of what waits for a receiver wait longer, up to five minutes', () => {
    const slots = createOriginSlots(2);
    const take = () => slots.take('https://dead.example/').pauseMs;
    take();
    take();
    expect([take(), take(), take(), take(), take()]).toEqual([1_000, 1_000, 2_000, 2_000, 3_000]);
    for (let n = 0; n < 10_000; n++) take();
    expect(take()).toBe(300_000);
  });

  it('lets what waits for a receiver that answers come back soon', () => {
    const slots = createOriginSlots(1);
    const { release } = slots.take('https://slow.example/');
    const take = () => slots.take('https://slow.example/').pauseMs;
    const silent = [take(), take(), take()];
    release?.(true);
    slots.take('https://slow.example/');
    expect([silent, take()]).toEqual([[1_000, 2_000, 3_000], 1_000]);
  });
});
