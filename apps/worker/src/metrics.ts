import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Step = 'fetch' | 'prepare' | 'recognize' | 'assemble';

export interface WorkerMetrics {
  observeStep(step: Step, ms: number): void;
  countAudio(model: string, amount: { audioSeconds: number; computeSeconds: number }): void;
  countError(code: string): void;
  /** Since the start, all models together. */
  readonly audioSeconds: number;
  readonly computeSeconds: number;
  /** Text as Prometheus reads it, and its content type. */
  print(): Promise<{ text: string; contentType: string }>;
  close(): void;
}

export type MetricsSources = {
  lanes: { model: string; lanes: number }[];
  countInHand: (kind: 'job' | 'chunk') => number;
  readPrivateBytes: () => Promise<number>;
};

const STEP_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800];

export function createMetrics({
  lanes,
  countInHand,
  readPrivateBytes,
}: MetricsSources): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  let [audioTotal, computeTotal] = [0, 0];

  const steps = new Histogram({
    name: 'steno_step_seconds',
    help: 'Time that a step of a job took on this host',
    labelNames: ['step'] as const,
    buckets: STEP_BUCKETS,
    registers,
  });
  const audio = new Counter({
    name: 'steno_audio_seconds_total',
    help: 'Audio that was recognized',
    labelNames: ['model'] as const,
    registers,
  });
  const compute = new Counter({
    name: 'steno_compute_seconds_total',
    help: 'Time that inference lanes spent on it',
    labelNames: ['model'] as const,
    registers,
  });
  const errors = new Counter({
    name: 'steno_errors_total',
    help: 'Failed tries and failed jobs by code',
    labelNames: ['code'] as const,
    registers,
  });
  const laneGauge = new Gauge({
    name: 'steno_lanes',
    help: 'Inference lanes by model',
    labelNames: ['model'] as const,
    registers,
  });
  for (const entry of lanes) laneGauge.set({ model: entry.model }, entry.lanes);
  new Gauge({
    name: 'steno_in_hand',
    help: 'Tickets that are worked on',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      this.set({ kind: 'job' }, countInHand('job'));
      this.set({ kind: 'chunk' }, countInHand('chunk'));
    },
  });
  new Gauge({
    name: 'steno_real_time_factor',
    help: 'Lane time for each second of audio, since the start',
    registers,
    collect() {
      this.set(audioTotal > 0 ? computeTotal / audioTotal : 0);
    },
  });
  new Gauge({
    name: 'steno_event_loop_lag_seconds',
    help: 'Delay of the event loop that renews locks: 99th percentile since the last reading',
    registers,
    collect() {
      this.set(loop.percentile(99) / 1e9);
      loop.reset();
    },
  });
  new Gauge({
    name: 'steno_inference_private_bytes',
    help: 'Memory that inference processes share with no other',
    registers,
    async collect() {
      this.set(await readPrivateBytes());
    },
  });
  new Gauge({
    name: 'steno_resident_bytes',
    help: 'Memory of the supervisor',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });

  return {
    observeStep: (step, ms) => steps.observe({ step }, ms / 1000),
    countAudio(model, { audioSeconds, computeSeconds }) {
      audio.inc({ model }, audioSeconds);
      compute.inc({ model }, computeSeconds);
      audioTotal += audioSeconds;
      computeTotal += computeSeconds;
    },
    countError: (code) => errors.inc({ code }),
    get audioSeconds() {
      return audioTotal;
    },
    get computeSeconds() {
      return computeTotal;
    },
    print: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
    close() {
      loop.disable();
    },
  };
}
