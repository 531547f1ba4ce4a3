import { describe, expect, it } from 'vitest';
import { describeHosts, describeSkew, describeUnserved } from './check-fleet.js';

const nowMs = 1_000_000;
const served = {
  model: 'demo-en',
  tier: 'int8',
  name: 'Demo',
  family: 'nemo-tdt',
  isDefaultTier: true,
  languages: ['en'],
  languageRequired: false,
  maxSegmentSeconds: 20,
  demo: false,
};
const host = {
  id: 'h1',
  hostname: 'one',
  pid: 7,
  state: 'serving' as const,
  lanes: 2,
  models: [served],
  seenAtMs: nowMs - 2_000,
};

describe('the doctor of a fleet', () => {
  it('wants a worker that takes jobs', () => {
    expect(describeHosts([], nowMs)).toMatchObject([{ state: 'bad', value: 'no worker is alive' }]);
    expect(describeHosts([{ ...host, state: 'draining' }], nowMs)).toMatchObject([
      { state: 'bad' },
    ]);
    expect(describeHosts([host], nowMs)).toEqual([
      { state: 'ok', what: 'hosts', value: '1 worker, 2 lanes: demo-en int8' },
    ]);
  });

  it('tells clocks that differ', () => {
    const ahead = describeHosts([{ ...host, seenAtMs: nowMs + 60_000 }], nowMs);
    expect(ahead[1]).toMatchObject({ state: 'warning', what: 'clocks' });
    const asked = { earliestMs: nowMs, latestMs: nowMs + 100 };
    expect(describeSkew(nowMs - 900, asked)).toEqual([]);
    expect(describeSkew(nowMs + 30_000, asked)[0]?.value).toContain('30 s ahead of');
    expect(describeSkew(nowMs - 30_000, asked)[0]?.value).toContain('29 s behind');
  });

  it('tells work that waits for a model that nobody serves', () => {
    const queued = [
      { model: 'demo-en', tier: 'int8' },
      { model: 'big', tier: 'fp32' },
      { model: 'big', tier: 'fp32' },
    ];
    const [check, ...others] = describeUnserved(queued, [host]);
    expect(check?.value).toContain('2 jobs of those looked at wait for big fp32');
    expect(others).toEqual([]);
  });
});
