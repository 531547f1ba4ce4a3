// npm run bench:queue: what a job costs beside decoding and inference. Tiny recordings through the whole fleet, and beside
// them as many BullMQ jobs that do nothing.

import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type BatchView } from '@stenofleet/shared/job';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { type Check, checkAtMost } from '../finding.js';
import { formatTable } from '../table.js';
import { type BenchFleet, openBenchFleet, poll, withFolder } from './bench-fleet.js';
import { makeNearSilence } from './near-silence.js';
import { type PartProcess } from './part-process.js';
import { printGoals, printMachine, toMegabytes } from './print.js';
import { readChildrenCpuMs, readCpuMs, readResidentBytes } from './process-usage.js';
import { startSampling } from './sampler.js';
import { computeTrend, type Point } from './slope.js';

const USAGE = `Usage: npm run bench:queue -- [--jobs N] [--quick] [--profile DIR]
  --jobs      recordings of one second (20000; with --quick 300)
  --profile   writes CPU profiles of the API and the worker there`;

const goals = {
  cpuMsPerJob: 15,
  redisBytesPerJob: 3 * 1024,
  /** Growth over the last two thirds of the run, against the mean. */
  growth: 0.1,
};
/** Memory of a shorter run says nothing: it is still filling its caches. */
const MIN_JOBS_FOR_GROWTH = 5_000;
const LATE_SHARE = 2 / 3;

const CPU_GOAL = 'CPU per job beside decoding and inference';
const MEMORY_GOAL = 'Redis memory per waiting job';

type Cpu = { api: number; worker: number; redis: number };

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const jobs = z.coerce
    .number()
    .int()
    .positive()
    .parse(values.jobs ?? (values.quick ? 300 : 20_000));
  printMachine();
  await withFolder(async (folder) => {
    const nodeOptions =
      values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
    const fleet = await openBenchFleet({ folder, name: 'queue', nodeOptions });
    try {
      printGoals(
        await measure(fleet, { jobs, nodeOptions }),
        values.quick ? [CPU_GOAL, MEMORY_GOAL] : [],
      );
    } finally {
      await fleet.close();
    }
  });
}

async function measure(
  fleet: BenchFleet,
  { jobs, nodeOptions }: { jobs: number; nodeOptions: readonly string[] },
): Promise<Check[]> {
  await makeNearSilence(fleet.recordings, jobs);
  console.log(`Jobs       ${jobs} recordings of 1 s, near-silence, in one batch`);
  const apiMemory = startSampling(() => readResidentBytes(fleet.api.pid));

  const atStart = await readCpu(fleet);
  const emptyBytes = await readRedisBytes(fleet);
  const submitted = performance.now();
  const { id } = await fleet.submitBatch({
    defaults: { model: 'demo-en' },
    input: { prefix: `${pathToFileURL(fleet.recordings).href}/` },
  });
  await poll(() => fleet.getBatch(id), {
    until: ({ status }) => status !== 'expanding',
  });
  const submitSeconds = (performance.now() - submitted) / 1000;
  const bytesPerJob = ((await readRedisBytes(fleet)) - emptyBytes) / jobs;
  const whenWaiting = await readCpu(fleet);
  console.log(`Submitted  in ${submitSeconds.toFixed(1)} s`);

  const worker = await fleet.startWorker({ nodeOptions });
  const workerMemory = startSampling(() => readResidentBytes(worker.pid));
  const atReady = await readCpu(fleet, worker);
  const begun = performance.now();
  const batch = await waitForBatch(fleet, id, jobs);
  const workSeconds = (performance.now() - begun) / 1000;
  const atEnd = await readCpu(fleet, worker);
  const helpersMs = await readChildrenCpuMs(worker.pid);
  await apiMemory.stop();
  await workerMemory.stop();
  console.log(
    `Worked off in ${workSeconds.toFixed(1)} s: ${(jobs / workSeconds).toFixed(1)} jobs/s; ` +
      `ffmpeg and ffprobe ${(helpersMs / jobs).toFixed(1)} ms CPU per job`,
  );
  await worker.stop();

  const floor = await measureFloor(fleet, jobs);
  const submitting = subtract(whenWaiting, atStart);
  const working = subtract(atEnd, atReady);
  const cpuMs = sum(submitting) + sum(working);
  printCpu({
    submitting,
    working,
    floorMs: floor.cpuMs,
    floorJobsPerSecond: floor.jobsPerSecond,
    jobs,
  });
  printMemory({ API: apiMemory.points, worker: workerMemory.points });
  const files = await countFiles(fleet.storage);
  return [
    checkCount('jobs done by the batch’s ledger', batch.counts.done, jobs),
    checkCount('manifests on disk', files.manifests, jobs),
    checkCount('outputs on disk (4 formats)', files.outputs, 4 * jobs),
    checkAtMost(CPU_GOAL, {
      ...{ measured: cpuMs / jobs, bound: goals.cpuMsPerJob },
      format: (ms) => `${ms.toFixed(2)} ms`,
    }),
    checkAtMost(MEMORY_GOAL, {
      ...{ measured: bytesPerJob, bound: goals.redisBytesPerJob },
      format: (bytes) => `${bytes.toFixed(0)} bytes`,
    }),
    ...(jobs < MIN_JOBS_FOR_GROWTH
      ? []
      : [
          checkGrowth('memory of the API', apiMemory.points),
          checkGrowth('memory of the worker', workerMemory.points),
        ]),
  ];
}

async function waitForBatch(fleet: BenchFleet, id: string, jobs: number): Promise<BatchView> {
  let toldAt = performance.now();
  return poll(() => fleet.getBatch(id), {
    everyMs: 1_000,
    until: ({ status, counts }) => {
      if (performance.now() - toldAt > 60_000) {
        toldAt = performance.now();
        console.log(`           ${counts.done} of ${jobs}`);
      }
      return status !== 'running';
    },
  });
}

async function readCpu({ api, redis }: BenchFleet, worker?: PartProcess): Promise<Cpu> {
  return {
    api: await readCpuMs(api.pid),
    worker: worker ? await readCpuMs(worker.pid) : 0,
    redis: await readCpuMs(redis.pid),
  };
}

function subtract(after: Cpu, before: Cpu): Cpu {
  return {
    api: after.api - before.api,
    worker: after.worker - before.worker,
    redis: after.redis - before.redis,
  };
}

function sum({ api, worker, redis }: Cpu): number {
  return api + worker + redis;
}

async function readRedisBytes({ redis }: BenchFleet): Promise<number> {
  const client = new Redis(redis.url);
  try {
    return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1] ?? NaN);
  } finally {
    client.disconnect();
  }
}

/** On the same server, with its share of the server's time. */
async function measureFloor({ redis }: BenchFleet, jobs: number) {
  const before = await readCpuMs(redis.pid);
  const script = fileURLToPath(new URL('no-op-jobs.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, redis.url, String(jobs)]);
  const { cpuMs, wallMs } = z
    .object({ cpuMs: z.number(), wallMs: z.number() })
    .parse(JSON.parse(stdout));
  const redisMs = (await readCpuMs(redis.pid)) - before;
  return { cpuMs: { node: cpuMs, redis: redisMs }, jobsPerSecond: (1000 * jobs) / wallMs };
}

function printCpu({
  submitting,
  working,
  floorMs,
  floorJobsPerSecond,
  jobs,
}: {
  submitting: Cpu;
  working: Cpu;
  floorMs: { node: number; redis: number };
  floorJobsPerSecond: number;
  jobs: number;
}): void {
  const each = (ms: number) => (ms / jobs).toFixed(2);
  const total = sum(submitting) + sum(working);
  const floor = floorMs.node + floorMs.redis;
  console.log('\nCPU per job in ms, without ffmpeg, ffprobe and the inference process');
  console.log(
    formatTable(
      ['', 'API', 'worker', 'Redis', 'together'],
      [
        ['submitting', each(submitting.api), '–', each(submitting.redis), each(sum(submitting))],
        [
          'working',
          each(working.api),
          each(working.worker),
          each(working.redis),
          each(sum(working)),
        ],
        ['bare BullMQ, no-op', '–', each(floorMs.node), each(floorMs.redis), each(floor)],
      ],
    ),
  );
  console.log(
    `  ${(total / floor).toFixed(1)} times the CPU of a bare BullMQ no-op job (${floorJobsPerSecond.toFixed(0)} of those a second)`,
  );
}

function printMemory(parts: Record<string, readonly Point[]>): void {
  console.log('\nResident memory over the last two thirds');
  console.log(
    formatTable(
      ['', 'mean', 'least', 'most', 'growth by slope'],
      Object.entries(parts).map(([name, points]) => {
        const { mean, minimum, maximum } = computeTrend(points, LATE_SHARE);
        return [name, ...[mean, minimum, maximum, computeGrowth(points)].map(toMegabytes)];
      }),
    ),
  );
}

/** Bytes that the slope of the last two thirds amounts to over their time. */
function computeGrowth(points: readonly Point[]): number {
  const seconds = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  return computeTrend(points, LATE_SHARE).slope * seconds * LATE_SHARE;
}

function checkGrowth(name: string, points: readonly Point[]): Check {
  return checkAtMost(`${name}: growth`, {
    measured: computeGrowth(points) / computeTrend(points, LATE_SHARE).mean,
    bound: goals.growth,
    format: (share) => `${(100 * share).toFixed(1)} %`,
  });
}

function checkCount(name: string, measured: number, expected: number): Check {
  return {
    name,
    measured: String(measured),
    bound: `= ${expected}`,
    passed: measured === expected,
  };
}

async function countFiles(folder: string): Promise<{ manifests: number; outputs: number }> {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.startsWith('results/'),
  );
  const manifests = names.filter((name) => name.endsWith('.manifest.json')).length;
  const outputs = names.filter((name) => /\.(json|srt|vtt|txt)$/.test(name)).length - manifests;
  return { manifests, outputs };
}
