// What Prometheus reads. Figures of the fleet are asked of the ledger at each reading; only HTTP is counted here.

import { CodedError } from '@stenofleet/shared/errors';
import { type BacklogEntry, type HostRecord } from '@stenofleet/shared/ledger';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type ApiDependencies } from './dependencies.js';

/** A reading that takes longer fails, so that a scrape does not hang on a Redis that is away. */
const READ_TIMEOUT_MS = 5_000;

export type RequestFacts = { method: string; route: string; status: number; seconds: number };

export type Metrics = {
  contentType: string;
  read: () => Promise<string>;
  observeRequest: (request: RequestFacts) => void;
  countError: (code: string) => void;
};

type MetricsDependencies = Pick<ApiDependencies, 'ledger' | 'hosts' | 'queues'>;

export function createMetrics(dependencies: MetricsDependencies): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'steno_http_request_seconds',
    help: 'Time from request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers,
  });
  const errors = new Counter({
    name: 'steno_http_errors_total',
    help: 'Refused requests by code',
    labelNames: ['code'],
    registers,
  });
  const readFleet = createFleetGauges(registers);
  let reading: Promise<string> | undefined;

  const read = async () => {
    await withTimeout(readFleet(dependencies));
    return registry.metrics();
  };
  return {
    contentType: registry.contentType,
    // Gauges are set and printed: two readings at once are one.
    read: () => (reading ??= read().finally(() => (reading = undefined))),
    observeRequest: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    countError: (code) => errors.inc({ code }),
  };
}

/** Gauges of the fleet, and how to set them. */
function createFleetGauges(registers: Registry[]) {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const work = ['model', 'tier'];
  const jobs = gauge('steno_jobs', 'Jobs that are not final', [...work, 'status']);
  const openSeconds = gauge('steno_open_audio_seconds', 'Audio still to be transcribed', work);
  const finishedJobs = gauge('steno_finished_jobs_total', 'Jobs done or partial', work);
  const finishedSeconds = gauge('steno_finished_audio_seconds_total', 'Audio transcribed', work);
  const computeSeconds = gauge('steno_compute_seconds_total', 'CPU time of inference lanes', work);
  const speed = gauge('steno_real_time_factor', 'CPU seconds per audio second, overall', work);
  const chunks = gauge('steno_chunks', 'Chunks in the queue', [...work, 'state']);
  const hosts = gauge('steno_hosts', 'Live worker hosts', ['state']);
  const lanes = gauge('steno_lanes', 'Lanes of hosts that serve', []);
  const all = [
    jobs,
    openSeconds,
    finishedJobs,
    finishedSeconds,
    computeSeconds,
    speed,
    chunks,
    hosts,
  ];

  const setBacklog = (entry: BacklogEntry) => {
    const { model, tier } = entry;
    jobs.set({ model, tier, status: 'queued' }, entry.queuedJobs);
    jobs.set({ model, tier, status: 'running' }, entry.runningJobs);
    openSeconds.set({ model, tier }, entry.openSeconds);
    finishedJobs.set({ model, tier }, entry.finishedJobs);
    finishedSeconds.set({ model, tier }, entry.finishedSeconds);
    computeSeconds.set({ model, tier }, entry.computeSeconds);
    if (entry.finishedSeconds > 0) {
      speed.set({ model, tier }, entry.computeSeconds / entry.finishedSeconds);
    }
  };
  const setHosts = (live: readonly HostRecord[]) => {
    for (const state of ['starting', 'serving', 'draining'] as const) {
      hosts.set({ state }, live.filter((host) => host.state === state).length);
    }
    const serving = live.filter(({ state }) => state === 'serving');
    lanes.set(serving.reduce((sum, host) => sum + host.lanes, 0));
  };

  return async ({ ledger, hosts: registry, queues }: MetricsDependencies) => {
    const backlog = await ledger.getBacklog();
    const live = await registry.list();
    const counts = await Promise.all(
      backlog.map(async ({ model, tier }) => ({
        model,
        tier,
        byState: await queues
          .get(queues.catalogue.chunks(model, tier))
          .getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
      })),
    );
    for (const metric of all) metric.reset();
    backlog.forEach(setBacklog);
    setHosts(live);
    for (const { model, tier, byState } of counts) {
      const waiting = (byState['waiting'] ?? 0) + (byState['prioritized'] ?? 0);
      chunks.set({ model, tier, state: 'waiting' }, waiting);
      chunks.set({ model, tier, state: 'delayed' }, byState['delayed'] ?? 0);
      chunks.set({ model, tier, state: 'active' }, byState['active'] ?? 0);
    }
  };
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new CodedError('REDIS_UNAVAILABLE', 'Redis does not answer in time.')),
      READ_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
