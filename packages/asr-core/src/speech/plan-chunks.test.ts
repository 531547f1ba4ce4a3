import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Segment } from '../transcript.js';
import {
  type ChunkLengths,
  type ChunkPlan,
  createChunkPlanner,
  limitChunkSeconds,
  planChunkSeconds,
} from './plan-chunks.js';

const SECOND = 16_000;

describe('planned chunks', () => {
  it('join neighbours as long as they fit, and never split a segment', () => {
    const chunks = planAll([segments([0, 8], [10, 19], [19, 27], [27, 60])], { chunkSeconds: 20 });
    expect(spans(chunks)).toEqual([
      [0, 19],
      [19, 27],
      [27, 60],
    ]);
    expect(chunks.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('hold the audio that both sides of a seam hear', () => {
    const before = { ...segment(0, 10), audioEndSamples: 11 * SECOND };
    const after = { ...segment(10, 20), audioStartSamples: 9 * SECOND };
    expect(spans(planAll([[before, after]], { chunkSeconds: 15 }))).toEqual([
      [0, 11],
      [9, 20],
    ]);
  });

  it('hold what is said at the same time in all channels', () => {
    const chunks = planAll([segments([0, 8], [30, 38]), segments([4, 12], [33, 41])], {
      chunkSeconds: 20,
    });
    expect(spans(chunks)).toEqual([
      [0, 12],
      [30, 41],
    ]);
    expect(chunks[0]!.segments.map(({ channel }) => channel)).toEqual([0, 1]);
  });

  it('wait for a channel in which something may still begin', () => {
    const planner = createChunkPlanner({ chunkSeconds: 20 });
    const early = segments([5, 9]);
    expect(planner.plan([state([]), state(segments([6, 9]), 30)])).toEqual([]);
    expect(planner.neededFromSamples).toBe(0);
    const [chunk] = planner.plan([state(early, Infinity), state([], Infinity)]);
    expect(chunk!.segments.map(({ channel }) => channel)).toEqual([0, 1]);
  });

  it('end in silence as soon as nothing more can fit', () => {
    const planner = createChunkPlanner({ chunkSeconds: 20 });
    expect(planner.plan([state(segments([1, 5]), 20.9)])).toEqual([]);
    expect(planner.neededFromSamples).toBe(SECOND);
    expect(planner.plan([state([], 21)])).toHaveLength(1);
    expect(planner.neededFromSamples).toBe(21 * SECOND);
  });

  it('are none where nobody speaks', () => {
    expect(planAll([[], []], { chunkSeconds: 20 })).toEqual([]);
    expect(planAll([], { chunkSeconds: 20 })).toEqual([]);
  });

  it('lose no segment, hold none twice, keep the order and the length, however they are found', () => {
    fc.assert(
      fc.property(recordings(), ({ channels, lengths, blockSamples }) => {
        const chunks = planInSteps(channels, { lengths, blockSamples });
        for (const [channel, expected] of channels.entries()) {
          const planned = chunks.flatMap((chunk) =>
            chunk.segments.filter((part) => part.channel === channel).map((part) => part.segment),
          );
          expect(planned).toEqual(expected);
        }
        for (const [index, chunk] of chunks.entries()) {
          const parts = chunk.segments.map(({ segment }) => segment);
          expect(chunk.index).toBe(index);
          expect(chunk.startSamples).toBe(parts[0]!.audioStartSamples);
          expect(chunk.endSamples).toBe(Math.max(...parts.map((part) => part.audioEndSamples)));
          // Only the first segment may reach further than a chunk should.
          const seconds = planChunkSeconds(chunk.startSamples / SECOND, lengths);
          const limit = chunk.startSamples + seconds * SECOND;
          expect(chunk.endSamples).toBeLessThanOrEqual(Math.max(limit, parts[0]!.audioEndSamples));
          const previous = chunks[index - 1];
          if (previous) expect(chunk.startSamples).toBeGreaterThanOrEqual(previous.startSamples);
        }
        expect(chunks).toEqual(planAll(channels, lengths));
      }),
    );
  });
});

describe('the length of chunks', () => {
  it('grows at the beginning of a long recording and shrinks towards its end, never under a minute', () => {
    const hour = Array.from({ length: 1_200 }, (_, index) => segment(3 * index, 3 * index + 3));
    const chunks = planAll([hour], { chunkSeconds: 300, durationSeconds: 3_600 });
    const seconds = spans(chunks).map(([start = 0, end = 0]) => end - start);
    expect(seconds.slice(0, 6)).toEqual([60, 60, 120, 240, 300, 300]);
    const late = seconds.slice(6);
    expect(late).toEqual([...late].sort((a, b) => b - a));
    for (const length of late.slice(0, -1)) expect(length).toBeGreaterThanOrEqual(60);
    expect(late.slice(-8, -1)).toEqual([60, 60, 60, 60, 60, 60, 60]);
  });

  it('is as asked for where less than a minute is, or nothing is known of the place', () => {
    expect(planChunkSeconds(0, { chunkSeconds: 20, durationSeconds: 3_600 })).toBe(20);
    expect(planChunkSeconds(0, { chunkSeconds: 300 })).toBe(300);
    expect(planChunkSeconds(3_600, { chunkSeconds: 300, durationSeconds: 3_600 })).toBe(300);
  });

  it('is bounded by what all channels hold together, but never tiny', () => {
    expect(limitChunkSeconds(300, 1)).toBe(300);
    expect(limitChunkSeconds(300, 2)).toBe(300);
    expect(limitChunkSeconds(300, 4)).toBe(150);
    expect(limitChunkSeconds(300, 64)).toBe(60);
    expect(limitChunkSeconds(20, 64)).toBe(20);
  });
});

function segment(startSeconds: number, endSeconds: number): Segment {
  const [startSamples, endSamples] = [startSeconds * SECOND, endSeconds * SECOND];
  return {
    startSamples,
    endSamples,
    audioStartSamples: startSamples,
    audioEndSamples: endSamples,
    speechSamples: 0,
  };
}

function segments(...bounds: [number, number][]): Segment[] {
  return bounds.map(([start, end]) => segment(start, end));
}

function spans(chunks: readonly ChunkPlan[]): number[][] {
  return chunks.map((chunk) => [chunk.startSamples / SECOND, chunk.endSamples / SECOND]);
}

function state(found: readonly Segment[], settledSeconds = 0) {
  return { segments: found, settledUntilSamples: settledSeconds * SECOND };
}

function planAll(channels: readonly Segment[][], lengths: ChunkLengths): ChunkPlan[] {
  return createChunkPlanner(lengths).plan(channels.map((all) => state(all, Infinity)));
}

/** As the audio comes: what has ended is found, and nothing later begins before what is heard. */
function planInSteps(
  channels: readonly Segment[][],
  { lengths, blockSamples }: { lengths: ChunkLengths; blockSamples: number },
): ChunkPlan[] {
  const planner = createChunkPlanner(lengths);
  const ends = channels.flat().map(({ audioEndSamples }) => audioEndSamples);
  const durationSamples = Math.max(0, ...ends) + 40 * SECOND;
  const chunks: ChunkPlan[] = [];
  const found = channels.map(() => 0);
  for (let heard = blockSamples; ; heard += blockSamples) {
    const ended = heard >= durationSamples;
    const needed = planner.neededFromSamples;
    const complete = planner.plan(
      channels.map((all, channel) => {
        const first = found[channel]!;
        let next = first;
        while (next < all.length && all[next]!.audioEndSamples <= heard) next += 1;
        found[channel] = next;
        const settled = Math.min(heard, all[next]?.audioStartSamples ?? Infinity);
        return {
          segments: all.slice(first, next),
          settledUntilSamples: ended ? Infinity : settled,
        };
      }),
    );
    // What a chunk holds is still there when it is complete.
    for (const chunk of complete) expect(chunk.startSamples).toBeGreaterThanOrEqual(needed);
    chunks.push(...complete);
    if (ended) return chunks;
  }
}

/** Channels of segments that may overlap the one before them, as at a seam. */
function recordings() {
  const part = fc.record({
    pause: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 5 }), fc.constant(300)),
    length: fc.integer({ min: 2, max: 12 }),
  });
  const channel = fc.array(part, { maxLength: 12 }).map((parts) => {
    let end = 1;
    return parts.map(({ pause, length }) => {
      const start = end + pause;
      end = start + length;
      return segment(start, end);
    });
  });
  return fc.record({
    channels: fc.array(channel, { minLength: 1, maxLength: 4 }),
    lengths: fc.record({
      chunkSeconds: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 61, max: 300 })),
      durationSeconds: fc.option(fc.integer({ min: 1, max: 4_000 }), { nil: undefined }),
    }),
    blockSamples: fc.integer({ min: SECOND, max: 30 * SECOND }),
  });
}
