import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import { createFakeDependencies } from './testing/fake-dependencies.js';

const entry = {
  model: 'm',
  tier: 't',
  queuedJobs: 3,
  runningJobs: 1,
  openSeconds: 120,
  finishedJobs: 2,
  finishedSeconds: 50,
  computeSeconds: 5,
};

describe('createMetrics', () => {
  it('tells the backlog in jobs and audio seconds, and what waits in the queue', async () => {
    const dependencies = createFakeDependencies();
    dependencies.ledger.getBacklog = () => Promise.resolve([entry]);
    dependencies.queues.get = () =>
      ({ getJobCounts: () => Promise.resolve({ waiting: 1, prioritized: 4, active: 2 }) }) as never;
    const metrics = createMetrics(dependencies);
    metrics.countError('JOB_NOT_FOUND');
    metrics.observeRequest({ method: 'GET', route: '/x', status: 200, seconds: 0.1 });
    const text = await metrics.read();
    for (const line of [
      'steno_jobs{model="m",tier="t",status="queued"} 3',
      'steno_open_audio_seconds{model="m",tier="t"} 120',
      'steno_real_time_factor{model="m",tier="t"} 0.1',
      'steno_chunks{model="m",tier="t",state="waiting"} 5',
      'steno_http_errors_total{code="JOB_NOT_FOUND"} 1',
      'steno_http_request_seconds_count{method="GET",route="/x",status="200"} 1',
      'steno_lanes 0',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('forgets models that are gone', async () => {
    const dependencies = createFakeDependencies();
    dependencies.ledger.getBacklog = () => Promise.resolve([entry]);
    const metrics = createMetrics(dependencies);
    await metrics.read();
    dependencies.ledger.getBacklog = () => Promise.resolve([]);
    expect(await metrics.read()).not.toContain('model="m"');
  });
});
