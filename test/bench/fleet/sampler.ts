import { type Point } from './slope.js';

export type Sampler = {
  points: readonly Point[];
  stop: () => Promise<void>;
};

/** Reads a value every so often; `getX` says where it belongs. @defaultValue seconds since the start */
export function startSampling(
  read: () => Promise<number>,
  { everyMs = 1_000, getX }: { everyMs?: number; getX?: () => number } = {},
): Sampler {
  const points: Point[] = [];
  const started = performance.now();
  let reading: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    reading = read().then((y) => {
      const x = getX ? getX() : (performance.now() - started) / 1000;
      // 0: the process is not there.
      if (y > 0) points.push({ x, y });
    });
  }, everyMs);
  return {
    points,
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
