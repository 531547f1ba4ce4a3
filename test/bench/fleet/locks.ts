// npm run bench:locks: whether locks are renewed in time while every lane is busy.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { computeQuantile } from '../../measure/statistics.js';
import { type Check, checkAtMost } from '../finding.js';
import { formatTable } from '../table.js';
import { type BenchFleet, openBenchFleet, withFolder } from './bench-fleet.js';
import { type PartProcess } from './part-process.js';
import { printGoals, printMachine, toSeconds } from './print.js';
import { repeatSpeech } from './recordings.js';
import { watchLocks } from './watch-locks.js';

const USAGE = `Usage: npm run bench:locks -- [--minutes N] [--quick]
  --minutes   how long all lanes are kept busy (10; with --quick 0.5)`;

const model = { model: 'demo-en', tier: 'int8' };
/** The worker's own default. */
const LOCK_MS = 30_000;
/** A lock that has less than this left was nearly lost. */
const LEAST_LEFT_MS = LOCK_MS / 3;
const RECORDING_SECONDS = 1_800;
/** Recordings that are open at a time: more than a worker takes in hand. */
const OPEN_JOBS = 4;
const METRICS_EVERY_MS = 5_000;

const example = fileURLToPath(new URL('../../../../examples/podcast.mp3', import.meta.url));

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const minutes = z.coerce
    .number()
    .positive()
    .parse(values.minutes ?? (values.quick ? 0.5 : 10));
  printMachine();
  await withFolder(async (folder) => {
    const fleet = await openBenchFleet({ folder, name: 'locks' });
    try {
      printGoals(await measure(fleet, minutes));
    } finally {
      await fleet.close();
    }
  });
}

async function measure(fleet: BenchFleet, minutes: number): Promise<Check[]> {
  const recording = join(fleet.recordings, 'long.mp3');
  await repeatSpeech(example, recording, { seconds: RECORDING_SECONDS });
  const worker = await fleet.startWorker();
  const watch = await watchLocks(fleet.redis.url, model);
  console.log(
    `Load       recordings of ${RECORDING_SECONDS / 60} minutes, ${OPEN_JOBS} open at a time, demo model, default lanes, ${minutes} minutes`,
  );
  const until = performance.now() + minutes * 60_000;
  const [jobs, { delaysMs, audioSeconds }] = await Promise.all([
    keepBusy(fleet, { source: pathToFileURL(recording).href, until }),
    readMetrics(worker, until),
  ]);
  const { samples, leastLeftMs, gapsMs, stalled } = await watch.stop();
  const worst = Math.max(...delaysMs);
  console.log(
    formatTable(
      ['', ''],
      [
        ['jobs begun', String(jobs)],
        ['audio recognized', `${(audioSeconds / 60).toFixed(0)} minutes`],
        ['samples of locks', String(samples)],
        ['time between renewals, median', toSeconds(computeQuantile(gapsMs, 0.5))],
        ['time between renewals, longest', toSeconds(Math.max(0, ...gapsMs))],
        ['least time left of a lock', `${toSeconds(leastLeftMs)} of ${toSeconds(LOCK_MS)}`],
        ['event loop delay, p99 of 5 s, median', `${computeQuantile(delaysMs, 0.5).toFixed(0)} ms`],
        ['event loop delay, p99 of 5 s, worst', `${worst.toFixed(0)} ms`],
      ],
    ),
  );
  return [
    {
      name: 'least time left of a lock',
      measured: toSeconds(leastLeftMs),
      bound: `≥ ${toSeconds(LEAST_LEFT_MS)}`,
      passed: samples > 0 && leastLeftMs >= LEAST_LEFT_MS,
    },
    checkAtMost('tickets that stalled', { measured: stalled, bound: 0, format: String }),
  ];
}

/** Submits the recording again whenever a job has ended; answers how many there were. */
async function keepBusy(
  fleet: BenchFleet,
  { source, until }: { source: string; until: number },
): Promise<number> {
  let open: string[] = [];
  let begun = 0;
  while (performance.now() < until) {
    const views = await Promise.all(open.map((id) => fleet.getJob(id)));
    const failed = views.find(({ status }) => status === 'failed');
    if (failed) throw new Error(`A job failed: ${JSON.stringify(failed.error)}`);
    open = views
      .filter(({ status }) => status === 'queued' || status === 'running')
      .map(({ id }) => id);
    while (open.length < OPEN_JOBS) {
      const { id } = await fleet.submitJob({
        source,
        ...model,
        output: { name: `long-${begun++}` },
      });
      open.push(id);
    }
    await delay(1_000);
  }
  return begun;
}

/** The delay of the loop that renews locks, as the worker itself tells it. */
async function readMetrics(worker: PartProcess, until: number) {
  const delaysMs: number[] = [];
  let audioSeconds = 0;
  while (performance.now() < until) {
    await delay(METRICS_EVERY_MS);
    const address = `http://127.0.0.1:${String(worker.ready['port'])}/metrics`;
    const text = await (await fetch(address)).text();
    const read = (name: string) =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    delaysMs.push(1000 * read('steno_event_loop_lag_seconds'));
    audioSeconds = read('steno_audio_seconds_total');
  }
  return { delaysMs, audioSeconds };
}
