import { type Standing } from '@stenofleet/shared/ledger';
import { describe, expect, it } from 'vitest';
import { createProgressReporter } from './progress-reporter.js';
import { type StopReason } from './work-registry.js';

function create(standing: Standing | Error = 'current') {
  const [told, refused]: [number[], StopReason[]] = [[], []];
  let nowMs = 0;
  const reporter = createProgressReporter({
    report: (seconds) => {
      told.push(seconds);
      return standing instanceof Error ? Promise.reject(standing) : Promise.resolve(standing);
    },
    onRefused: (reason) => refused.push(reason),
    now: () => nowMs,
  });
  return { reporter, told, refused, pass: (ms: number) => (nowMs += ms) };
}

describe('progress', () => {
  it('is told once a second, and at the end', async () => {
    const { reporter, told, pass } = create();
    for (let seconds = 1; seconds <= 25; seconds++) {
      pass(100);
      reporter.update(seconds);
    }
    expect(told).toEqual([10, 20]);
    await reporter.finish(26);
    expect(told).toEqual([10, 20, 26]);
  });

  it('stops the work when nobody wants it any more', async () => {
    const { reporter, refused, pass } = create('cancelled');
    pass(1_000);
    reporter.update(1);
    await Promise.resolve();
    expect(refused).toEqual(['cancelled']);
  });

  it('that cannot be told is no reason to stop', async () => {
    const { reporter, refused, pass } = create(new Error('Redis is away'));
    pass(1_000);
    reporter.update(1);
    await Promise.resolve();
    expect(refused).toEqual([]);
  });
});
