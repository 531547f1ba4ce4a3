import { describe, expect, it } from 'vitest';
import { planWebhookPause, WEBHOOK_TRIES } from './webhook-queue.js';

describe('the tries of a webhook', () => {
  it('begin after 10 s, double, and stay at an hour', () => {
    expect([1, 2, 3, 9, 10, 30].map(planWebhookPause)).toEqual([
      10_000, 20_000, 40_000, 2_560_000, 3_600_000, 3_600_000,
    ]);
  });

  it('fill a day and no more', () => {
    let ms = 0;
    for (let tries = 1; tries < WEBHOOK_TRIES; tries++) ms += planWebhookPause(tries);
    expect(ms).toBeLessThanOrEqual(86_400_000);
    expect(ms + 3_600_000).toBeGreaterThan(86_400_000);
  });
});
