import { describe, expect, it } from 'vitest';
import { createQueueCatalogue } from './queue-names.js';
import { createRedisKeys } from './redis-keys.js';
import { MAX_TRIES, planRetryPause } from './retry-policy.js';

describe('planRetryPause', () => {
  it('doubles up to a minute and outlasts minutes of trouble', () => {
    const pauses = Array.from({ length: MAX_TRIES - 1 }, (_, index) =>
      planRetryPause(index + 1, 1),
    );
    expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000));
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(10 * 60_000);
    expect(planRetryPause(3, 0)).toBe(3_000);
  });
});

describe('names in Redis', () => {
  it('carry one hash tag, so that all lie in one slot', () => {
    const keys = createRedisKeys('steno');
    const names = Object.values(keys).map((key) => (typeof key === 'string' ? key : key('x', 'y')));
    for (const name of [...names, createQueueCatalogue('steno').prefix]) {
      expect(name).toMatch(/^\{steno\}/);
    }
  });

  it('of queues hold no colon', () => {
    expect(createQueueCatalogue('steno').chunks('parakeet-tdt-0.6b-v3', 'int8')).not.toContain(':');
  });
});
