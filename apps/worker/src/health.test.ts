import { afterEach, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from './health.js';
import { createMetrics } from './metrics.js';

let server: HealthServer | undefined;
afterEach(() => server?.close());

it('tells health, readiness and metrics', async () => {
  const state = { isReady: false, ping: () => Promise.resolve('PONG') as Promise<unknown> };
  const metrics = createMetrics({
    lanes: [{ model: 'demo-en:int8', lanes: 2 }],
    countInHand: (kind) => (kind === 'job' ? 3 : 4),
    readPrivateBytes: () => Promise.resolve(5_000),
  });
  server = await startHealthServer({
    ...{ host: '127.0.0.1', port: 0 },
    ping: () => state.ping(),
    isReady: () => state.isReady,
    printMetrics: () => metrics.print(),
  });
  const { port } = server;
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()] as const;
  };
  expect((await get('/readyz'))[0]).toBe(503);
  state.isReady = true;
  expect((await get('/readyz'))[0]).toBe(200);
  expect((await get('/healthz'))[0]).toBe(200);
  state.ping = () => Promise.reject(new Error('away'));
  expect(await get('/readyz')).toEqual([503, 'Redis does not answer\n']);
  expect((await get('/healthz'))[0]).toBe(200);
  expect((await get('/other'))[0]).toBe(404);

  metrics.observeStep('recognize', 1_500);
  metrics.countAudio('demo-en:int8', { audioSeconds: 60, computeSeconds: 3 });
  metrics.countError('STORE_UNAVAILABLE');
  const [, text] = await get('/metrics?now');
  for (const line of [
    'steno_lanes{model="demo-en:int8"} 2',
    'steno_in_hand{kind="job"} 3',
    'steno_in_hand{kind="chunk"} 4',
    'steno_real_time_factor 0.05',
    'steno_errors_total{code="STORE_UNAVAILABLE"} 1',
    'steno_step_seconds_count{step="recognize"} 1',
    'steno_inference_private_bytes 5000',
  ]) {
    expect(text).toContain(line);
  }
  metrics.close();
});
