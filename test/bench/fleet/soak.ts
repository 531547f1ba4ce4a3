// npm run bench:soak: the memory of a worker over many jobs of all sorts.

import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Check, checkAtMost } from '../finding.js';
import { formatTable } from '../table.js';
import { type BenchFleet, openBenchFleet, poll, withFolder } from './bench-fleet.js';
import { makeMixedJobs, type MixedJob } from './mixed-jobs.js';
import { printGoals, printMachine, toMegabytes } from './print.js';
import { findInferencePid, readResidentBytes } from './process-usage.js';
import { startSampling } from './sampler.js';
import { computeTrend, type Point, type Trend } from './slope.js';

const USAGE = `Usage: npm run bench:soak -- [--jobs N] [--quick]
  --jobs   mixed jobs (500; with --quick 40)`;

/** Growth by the slope over the second half, against the mean, for so many jobs. */
const goal = { growth: 0.05, jobs: 500 };
const LATE_SHARE = 1 / 2;
/** A shorter run is judged by its counts only: its memory is still filling. */
const MIN_JOBS_FOR_GROWTH = 200;
const OPEN_JOBS = 8;
const COURSE_PARTS = 10;

type Counts = { done: number; failed: number; cancelled: number; unexpected: string[] };

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const count = z.coerce
    .number()
    .int()
    .positive()
    .parse(values.jobs ?? (values.quick ? 40 : 500));
  printMachine();
  await withFolder(async (folder) => {
    const fleet = await openBenchFleet({ folder, name: 'soak' });
    try {
      printGoals(await measure(fleet, count));
    } finally {
      await fleet.close();
    }
  });
}

async function measure(fleet: BenchFleet, count: number): Promise<Check[]> {
  const jobs = await makeMixedJobs(fleet.recordings, count);
  console.log(
    `Jobs       ${count}: 1 s to 5 minutes, mp3, wav and m4a, mixed and separate channels, demo model`,
  );
  const worker = await fleet.startWorker();
  const counts: Counts = { done: 0, failed: 0, cancelled: 0, unexpected: [] };
  const getX = () => counts.done + counts.failed + counts.cancelled;
  const supervisor = startSampling(() => readResidentBytes(worker.pid), { getX });
  const inference = startSampling(
    async () => {
      const pid = await findInferencePid(worker.pid);
      return pid === undefined ? 0 : readResidentBytes(pid);
    },
    { getX },
  );
  const started = performance.now();
  await runAll(fleet, { jobs, counts });
  const seconds = (performance.now() - started) / 1000;
  await supervisor.stop();
  await inference.stop();
  const replaced = (await worker.readLog()).filter(({ msg }) => msg.includes('is replaced')).length;
  console.log(
    `Ended      in ${seconds.toFixed(0)} s: ${counts.done} done, ${counts.failed} failed, ${counts.cancelled} cancelled; inference process replaced ${replaced} times`,
  );
  printMemory({ supervisor: supervisor.points, 'inference process': inference.points });
  return [
    checkAtMost('jobs that ended otherwise than they should', {
      ...{ measured: counts.unexpected.length, bound: 0 },
      format: (value) => [value, ...counts.unexpected.slice(0, 3)].join(' · '),
    }),
    ...(count < MIN_JOBS_FOR_GROWTH
      ? []
      : [
          checkGrowth('supervisor', supervisor.points),
          checkGrowth('inference process', inference.points),
        ]),
  ];
}

/** Several at a time, so that whom it concerns can be cancelled while it runs. */
async function runAll(
  fleet: BenchFleet,
  { jobs, counts }: { jobs: readonly MixedJob[]; counts: Counts },
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let job = jobs[next++]; job; job = jobs[next++]) await runOne(fleet, { job, counts });
  };
  await Promise.all(Array.from({ length: OPEN_JOBS }, work));
}

async function runOne(
  fleet: BenchFleet,
  { job: { request, kind }, counts }: { job: MixedJob; counts: Counts },
): Promise<void> {
  const { id } = await fleet.submitJob(request);
  if (kind === 'cancelled') {
    await poll(() => fleet.getJob(id), { until: ({ status }) => status !== 'queued' });
    // Somewhere between its beginning and its end.
    await delay(200);
    // It may be over by then.
    await fleet.cancelJob(id).catch(() => undefined);
  }
  const { status, error } = await poll(() => fleet.getJob(id), {
    until: ({ status }) => status !== 'queued' && status !== 'running',
  });
  const expected = { good: ['done'], bad: ['failed'], cancelled: ['cancelled', 'done'] }[kind];
  if (!expected.includes(status)) {
    counts.unexpected.push(
      `${request.source.split('/').at(-1) ?? ''} ${status} ${error?.code ?? ''}`,
    );
  }
  if (status === 'done' || status === 'failed' || status === 'cancelled') counts[status]++;
}

function printMemory(parts: Record<string, readonly Point[]>): void {
  console.log('\nResident memory over the second half');
  console.log(
    formatTable(
      ['', 'mean', 'least', 'most', `by slope, for ${goal.jobs} jobs`],
      Object.entries(parts).map(([name, points]) => {
        const trend = computeTrend(points, LATE_SHARE);
        const { mean, minimum, maximum } = trend;
        return [name, ...[mean, minimum, maximum, trend.slope * goal.jobs].map(toMegabytes)];
      }),
    ),
  );
  const numbers = Array.from(
    { length: COURSE_PARTS },
    (_, index) => `${index + 1}/${COURSE_PARTS}`,
  );
  console.log(
    '\nMean of each part of the run in MB: what fills up levels off, what leaks does not',
  );
  console.log(
    formatTable(
      ['', ...numbers],
      Object.entries(parts).map(([name, points]) => [
        name,
        ...describeCourse(points).map((bytes) => (bytes / 2 ** 20).toFixed(0)),
      ]),
    ),
  );
}

/** Means of equal parts of the jobs. */
function describeCourse(points: readonly Point[]): number[] {
  const end = (points.at(-1)?.x ?? 0) + 1;
  return Array.from({ length: COURSE_PARTS }, (_, part) => {
    const within = points.filter(({ x }) => Math.floor((x * COURSE_PARTS) / end) === part);
    return within.reduce((sum, { y }) => sum + y, 0) / Math.max(1, within.length);
  });
}

function checkGrowth(name: string, points: readonly Point[]): Check {
  const { slope, mean }: Trend = computeTrend(points, LATE_SHARE);
  return checkAtMost(`memory of the ${name}: growth for ${goal.jobs} jobs`, {
    measured: (slope * goal.jobs) / mean,
    bound: goal.growth,
    format: (share) => `${(100 * share).toFixed(1)} %`,
  });
}
