import { computeMedian } from '../../measure/statistics.js';

/** `x`: seconds or jobs; `y`: bytes. */
export type Point = { x: number; y: number };

/** Pairs grow with the square of the points. */
const MAX_POINTS = 600;

/** Theil–Sen: the median of the slopes between all pairs, which single outliers do not move; 0 of fewer than two. */
export function computeSlope(points: readonly Point[]): number {
  const few = thin(points);
  const slopes: number[] = [];
  for (const [index, a] of few.entries()) {
    for (const b of few.slice(index + 1)) {
      if (b.x !== a.x) slopes.push((b.y - a.y) / (b.x - a.x));
    }
  }
  return slopes.length === 0 ? 0 : computeMedian(slopes);
}

export type Trend = { mean: number; slope: number; minimum: number; maximum: number };

/** Of the points whose `x` lies in the last `share` of the range. */
export function computeTrend(points: readonly Point[], share: number): Trend {
  const first = points[0]?.x ?? 0;
  const last = points.at(-1)?.x ?? 0;
  const late = points.filter(({ x }) => x >= last - share * (last - first));
  const values = late.map(({ y }) => y);
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
    slope: computeSlope(late),
    minimum: Math.min(...values),
    maximum: Math.max(...values),
  };
}

function thin(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, index) => index % step === 0);
}
