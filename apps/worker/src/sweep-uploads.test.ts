import { createLogger } from '@stenofleet/shared/log';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { expect, it } from 'vitest';
import { sweepUploads } from './sweep-uploads.js';

const DAY_MS = 24 * 3_600_000;

it('removes uploads nobody has asked for in a while, and halves of them sooner', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const storage = createFakeObjectStore({ now: () => nowMs });
  await storage.put('uploads/museum/old', 'a');
  nowMs += 59 * DAY_MS;
  await storage.put('uploads/museum/incoming-1', 'b');
  nowMs += 2 * DAY_MS;
  await storage.put('uploads/museum/incoming-2', 'c');
  await storage.put('uploads/museum/new', 'd');
  await storage.put('results/museum/x', 'e');
  const removed = await sweepUploads({
    storage,
    log: createLogger('test', { level: 'silent' }),
    now: () => nowMs,
    keepMs: 60 * DAY_MS,
    signal: new AbortController().signal,
  });
  const left = (await storage.list()).map(({ key }) => key);
  expect(removed).toBe(2);
  expect(left).toEqual(['results/museum/x', 'uploads/museum/incoming-2', 'uploads/museum/new']);
});
