// When a worker's lanes had chunks in hand, from its log.

import { type LogLine } from './part-process.js';

export type ChunkTimes = {
  /** Index of each chunk whose result was stored, in order; twice where it was done twice. */
  recognized: number[];
  /** First chunk begun and last one stored, in ms since 1970; undefined where there is none. */
  firstMs: number | undefined;
  lastMs: number | undefined;
  /** Time in between with no chunk in hand, in ms. */
  idleMs: number;
};

export function readChunkTimes(log: readonly LogLine[]): ChunkTimes {
  const recognized: number[] = [];
  const inHand = new Set<number>();
  let [firstMs, lastMs, freeSinceMs]: (number | undefined)[] = [];
  let idleMs = 0;
  for (const { msg, time, chunk } of log) {
    if (typeof chunk !== 'number') continue;
    const atMs = Date.parse(time);
    if (msg === 'chunk begins') {
      firstMs ??= atMs;
      if (inHand.size === 0 && freeSinceMs !== undefined) idleMs += atMs - freeSinceMs;
      inHand.add(chunk);
    } else if (msg === 'chunk recognized') {
      recognized.push(chunk);
      inHand.delete(chunk);
      lastMs = atMs;
      freeSinceMs = atMs;
    }
  }
  return { recognized, firstMs, lastMs, idleMs };
}
