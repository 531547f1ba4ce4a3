import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Segment } from '../transcript.js';
import { createEnergyProfile } from './energy-profile.js';
import { type SpeechRegion } from './find-speech.js';
import { createSegmentPlanner } from './plan-segments.js';

const SECOND = 16_000;
const LIMITS = {
  maxSegmentSeconds: 20,
  targetSegmentSeconds: 20,
  marginSeconds: 0.3,
  wholeSeconds: 0,
};

describe('planned segments', () => {
  it('join short neighbours up to the target', () => {
    const segments = planAll(regions([0, 3], [3.5, 6], [6.4, 9]), 10);
    expect(segments).toHaveLength(1);
    expect(segments[0]!.endSamples).toBe(9.3 * SECOND);
  });

  it('leave long pauses out', () => {
    const segments = planAll(regions([1, 3], [8, 10]), 12);
    expect(segments.map((s) => [s.startSamples / SECOND, s.endSamples / SECOND])).toEqual([
      [0.7, 3.3],
      [7.7, 10.3],
    ]);
  });

  it('end in the longest pause of the second half, not in the last', () => {
    const segments = planAll(regions([0, 8], [8.2, 12], [13, 18], [18.2, 25]), 25);
    expect(segments[0]!.endSamples / SECOND).toBeCloseTo(12.3, 5);
  });

  it('cut speech without a pause at its quietest point, heard by both sides', () => {
    const quietAt = 16.2;
    const segments = planAll(regions([0, 30]), 30, quietAt);
    expect(Math.abs(segments[0]!.endSamples / SECOND - quietAt)).toBeLessThan(0.1);
    expect(segments[1]!.startSamples).toBe(segments[0]!.endSamples);
    expect(segments[0]!.audioEndSamples - segments[0]!.endSamples).toBe(SECOND);
    expect(segments[1]!.startSamples - segments[1]!.audioStartSamples).toBe(SECOND);
  });

  it('are none where nobody speaks', () => {
    expect(planAll([], 600)).toEqual([]);
  });

  it('are the whole recording where it is short and somebody speaks', () => {
    const planner = createSegmentPlanner({ maxSegmentSeconds: 20 });
    const total = 15 * SECOND;
    const segments = planner.plan(
      { closed: regions([3, 4], [9, 10]), settledUntilSamples: total, ended: true },
      createEnergyProfile(),
    );
    expect(segments).toEqual([
      {
        ...{ startSamples: 0, endSamples: total, audioStartSamples: 0, audioEndSamples: total },
        speechSamples: 2 * SECOND,
      },
    ]);
  });

  const speech = fc
    .array(
      fc.tuple(fc.integer({ min: 1_600, max: 40 * SECOND }), fc.integer({ min: 0, max: 60_000 })),
      {
        maxLength: 40,
      },
    )
    .map((pairs) => {
      let position = 0;
      const made = pairs.map(([length, pause]): SpeechRegion => {
        const startSamples = position + pause + 640;
        position = startSamples + length;
        return { startSamples, endSamples: position };
      });
      return { made, total: position + 5_000 };
    });
  const limits = fc.record({
    maxSegmentSeconds: fc.double({ min: 3, max: 60, noNaN: true }),
    targetSegmentSeconds: fc.double({ min: 1, max: 60, noNaN: true }),
    maxPauseSeconds: fc.double({ min: 0.1, max: 3, noNaN: true }),
    marginSeconds: fc.double({ min: 0, max: 0.5, noNaN: true }),
    overlapSeconds: fc.double({ min: 0, max: 2, noNaN: true }),
    wholeSeconds: fc.double({ min: 0, max: 40, noNaN: true }),
  });

  it('cover all speech, say how much they hold, overlap nowhere, exceed no limit, stay inside the recording', () => {
    fc.assert(
      fc.property(speech, limits, ({ made, total }, options) => {
        const segments = plan(made, total, options);
        const max = options.maxSegmentSeconds * SECOND;
        let owned = 0;
        for (const segment of segments) {
          const edges = Object.values(segment);
          expect(edges.every(Number.isInteger)).toBe(true);
          expect(segment.startSamples).toBeGreaterThanOrEqual(owned);
          expect(segment.endSamples).toBeGreaterThan(segment.startSamples);
          expect(segment.audioStartSamples).toBeLessThanOrEqual(segment.startSamples);
          expect(segment.audioEndSamples).toBeGreaterThanOrEqual(segment.endSamples);
          expect(segment.audioEndSamples - segment.audioStartSamples).toBeLessThanOrEqual(max);
          expect(segment.audioStartSamples).toBeGreaterThanOrEqual(0);
          expect(segment.audioEndSamples).toBeLessThanOrEqual(total);
          owned = segment.endSamples;
        }
        for (const region of made) {
          expect(uncovered(region, segments)).toBe(0);
        }
        const spoken = made.map((region) => region.endSamples - region.startSamples);
        expect(sum(segments.map(({ speechSamples }) => speechSamples))).toBe(sum(spoken));
      }),
    );
  });

  it('are the same whether speech becomes known at once or step by step', () => {
    fc.assert(
      fc.property(
        speech,
        limits,
        fc.integer({ min: 500, max: 200_000 }),
        (input, options, step) => {
          expect(planStepwise(input.made, input.total, { options, step })).toEqual(
            plan(input.made, input.total, options),
          );
        },
      ),
    );
  });
});

function regions(...seconds: [number, number][]): SpeechRegion[] {
  return seconds.map(([start, end]) => ({
    startSamples: start * SECOND,
    endSamples: end * SECOND,
  }));
}

function planAll(speech: SpeechRegion[], totalSeconds: number, quietAtSeconds?: number) {
  const energies = createEnergyProfile();
  const audio = new Float32Array(totalSeconds * SECOND).fill(0.5);
  if (quietAtSeconds !== undefined) {
    audio.fill(0, (quietAtSeconds - 0.1) * SECOND, (quietAtSeconds + 0.1) * SECOND);
  }
  energies.push(audio);
  return createSegmentPlanner(LIMITS).plan(
    { closed: speech, settledUntilSamples: audio.length, ended: true },
    energies,
  );
}

function plan(
  speech: SpeechRegion[],
  total: number,
  options: Parameters<typeof createSegmentPlanner>[0],
) {
  return createSegmentPlanner(options).plan(
    { closed: speech, settledUntilSamples: total, ended: true },
    createEnergyProfile(),
  );
}

function planStepwise(
  speech: SpeechRegion[],
  total: number,
  { options, step }: { options: Parameters<typeof createSegmentPlanner>[0]; step: number },
): Segment[] {
  const planner = createSegmentPlanner(options);
  const energies = createEnergyProfile();
  const segments: Segment[] = [];
  let told = 0;
  for (let position = 0; position < total; position += step) {
    const isClosed = (region: SpeechRegion) => region.endSamples <= position;
    const closed = speech.slice(told).filter(isClosed);
    told += closed.length;
    const growing = speech[told];
    const open =
      growing && growing.startSamples < position
        ? { startSamples: growing.startSamples, endSamples: position }
        : undefined;
    segments.push(
      ...planner.plan({ closed, open, settledUntilSamples: position, ended: false }, energies),
    );
  }
  const closed = speech.slice(told);
  segments.push(...planner.plan({ closed, settledUntilSamples: total, ended: true }, energies));
  return segments;
}

function uncovered(region: SpeechRegion, segments: readonly Segment[]): number {
  const covered = segments.reduce((sum, segment) => {
    const start = Math.max(region.startSamples, segment.startSamples);
    const end = Math.min(region.endSamples, segment.endSamples);
    return sum + Math.max(0, end - start);
  }, 0);
  return region.endSamples - region.startSamples - covered;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
