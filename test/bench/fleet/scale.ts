// npm run bench:scale: one long recording on one worker, on two, and on two of which one is killed midway.

import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { importModel } from '@stenofleet/model-store';
import { type JobView } from '@stenofleet/shared/job';
import { parseTranscriptDocument, type TranscriptDocument } from '@stenofleet/transcript';
import { z } from 'zod';
import { computeMedian } from '../../measure/statistics.js';
import { explainMissing, resolveFolders } from '../command-options.js';
import { type Check, checkAtMost, checkNone } from '../finding.js';
import { formatTable } from '../table.js';
import { type BenchFleet, openBenchFleet, poll, withFolder } from './bench-fleet.js';
import { readChunkTimes } from './lane-times.js';
import { type PartProcess } from './part-process.js';
import { describeLoad, printGoals, printMachine } from './print.js';
import { type CpuLimit, createCpuLimit } from './limit-cpu.js';
import { findInferencePid, readChildrenCpuMs, readCpuMs } from './process-usage.js';
import { repeatSpeech } from './recordings.js';

const USAGE = `Usage: npm run bench:scale -- [--data DIR] [--models DIR] [--hours N] [--rounds N] [--lane-cores X] [--quick]
  --hours     length of the recording (3; with --quick 0.25)
  --rounds    how often one worker and two have their turn (1)
  --lane-cores  cores that each lane may use, such as 0.5: on a machine of few cores, supervisors and ffmpeg then do not
              take theirs from the lanes (needs root)`;

const goals = { twoWorkersShare: 0.58 };
const SHARE_GOAL = 'two workers’ time ÷ one worker’s';
const model = { model: 'nemo-tdt-small-en', tier: 'fp32' };

type WorkerFigures = {
  chunks: number[];
  supervisorSeconds: number;
  inferenceSeconds: number;
  helpersSeconds: number;
  /** From the job's beginning to its first chunk. */
  untilFirstSeconds: number;
  idleSeconds: number;
};
type Outcome = {
  name: string;
  seconds: number;
  words: string[];
  numChunks: number;
  workers: WorkerFigures[];
  /** From the last chunk to the published result. */
  afterLastSeconds: number;
  load: string;
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      models: { type: 'string' },
      hours: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      'lane-cores': { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const folders = resolveFolders(values);
  const missing = await explainMissing(folders);
  if (missing !== undefined) {
    console.log(`bench:scale ${missing}`);
    return;
  }
  const { hours, rounds, laneCores } = z
    .object({
      hours: z.coerce.number().positive(),
      rounds: z.coerce.number().int().positive(),
      laneCores: z.coerce.number().positive().max(1).optional(),
    })
    .parse({
      hours: values.hours ?? (values.quick ? 0.25 : 3),
      rounds: values.rounds,
      laneCores: values['lane-cores'],
    });
  printMachine();
  await withFolder(async (folder) => {
    await importModel(join(folders.models, model.model), { root: join(folder, 'data', 'models') });
    const recording = join(folder, 'recording.mp3');
    const speech = join(folders.data, 'audio', 'long', 'lj001_chapter.mp3');
    await repeatSpeech(speech, recording, { seconds: hours * 3600 });
    const lanes = `1 lane each${laneCores === undefined ? '' : ` on ${laneCores} of a core`}`;
    console.log(`Recording  ${hours} h of read speech, ${model.model} ${model.tier}, ${lanes}`);
    const checks = await measure(folder, { recording, rounds, laneCores });
    printGoals(checks, values.quick ? [SHARE_GOAL] : []);
  });
}

async function measure(
  folder: string,
  { rounds, ...common }: Pick<RunOptions, 'recording' | 'laneCores'> & { rounds: number },
): Promise<Check[]> {
  const outcomes: { one: Outcome; two: Outcome }[] = [];
  for (let round = 1; round <= rounds; round++) {
    const one = await run(folder, { ...common, name: `one-${round}`, numWorkers: 1 });
    const two = await run(folder, { ...common, name: `two-${round}`, numWorkers: 2 });
    outcomes.push({ one, two });
  }
  const killed = await run(folder, { ...common, name: 'killed', numWorkers: 2, isKilled: true });
  const all = [...outcomes.flatMap(({ one, two }) => [one, two]), killed];
  printOutcomes(all);
  const expected = outcomes[0]?.one.words ?? [];
  const share = computeMedian(outcomes.map(({ one, two }) => two.seconds / one.seconds));
  return [
    checkAtMost(SHARE_GOAL, {
      ...{ measured: share, bound: goals.twoWorkersShare },
      format: (value) => value.toFixed(3),
    }),
    checkNone(
      'runs with other words',
      all.flatMap(({ name, words }) => (isSame(words, expected) ? [] : [name])),
    ),
    checkNone(
      'chunks done twice',
      all.flatMap(({ name, workers }) => {
        const chunks = workers.flatMap((worker) => worker.chunks);
        const twice = chunks.filter((chunk, at) => chunks.indexOf(chunk) !== at);
        return twice.map((chunk) => `${name} ${chunk}`);
      }),
    ),
  ];
}

type RunOptions = {
  recording: string;
  name: string;
  numWorkers: number;
  laneCores: number | undefined;
  isKilled?: boolean;
};

/** In a fleet of its own, with workers that are ready; they open their model with the job. */
async function run(
  folder: string,
  { recording, name, numWorkers, laneCores, isKilled = false }: RunOptions,
): Promise<Outcome> {
  const fleet = await openBenchFleet({ folder, name });
  const limit = laneCores === undefined ? undefined : createCpuLimit(laneCores);
  let limiting: Promise<void>[] = [];
  try {
    const source = join(fleet.recordings, `${name}.mp3`);
    await copyFile(recording, source);
    const workers: PartProcess[] = [];
    for (let count = 0; count < numWorkers; count++) {
      workers.push(
        await fleet.startWorker({
          env: {
            STENO_MODELS: `${model.model}:${model.tier}`,
            STENO_LANES: '1',
            STENO_LOG_LEVEL: 'debug',
          },
        }),
      );
    }
    const { id } = await fleet.submitJob({ source: pathToFileURL(source).href, ...model });
    if (limit) limiting = workers.map((worker) => limitLane(worker, limit));
    if (isKilled) await killMidway(fleet, { id, workers });
    const usage = await readWhileRunning(fleet, { id, workers });
    return { ...(await describe(fleet, { id, workers, usage })), name };
  } finally {
    await fleet.close();
    await Promise.all(limiting);
    await limit?.close();
  }
}

/** As soon as it opens its model; a worker that gets no work never does. */
async function limitLane(worker: PartProcess, limit: CpuLimit): Promise<void> {
  const pid = await poll(() => findInferencePid(worker.pid), {
    until: (found) => found !== undefined || !worker.isRunning(),
    everyMs: 50,
  });
  if (pid !== undefined) await limit.apply(pid);
}

async function killMidway(
  fleet: BenchFleet,
  { id, workers }: { id: string; workers: readonly PartProcess[] },
): Promise<void> {
  await poll(() => fleet.getJob(id), {
    until: ({ progress: { doneSeconds, audioSeconds } }) =>
      audioSeconds !== undefined && doneSeconds >= audioSeconds / 2,
  });
  // The one that has prepared the recording.
  for (const worker of workers) {
    const log = await worker.readLog();
    if (!log.some(({ msg }) => msg === 'attempt begins')) continue;
    await worker.kill();
    return;
  }
}

type Usage = { supervisorMs: number; inferenceMs: number; helpersMs: number };

/** What the processes have used up when the job ends; of one that is killed, what was seen last. */
async function readWhileRunning(
  fleet: BenchFleet,
  { id, workers }: { id: string; workers: readonly PartProcess[] },
): Promise<Usage[]> {
  const usage: Usage[] = workers.map(() => ({ supervisorMs: 0, inferenceMs: 0, helpersMs: 0 }));
  await poll(() => fleet.getJob(id), {
    until: ({ status }) => status !== 'queued' && status !== 'running',
    // An answer costs 3 ms of the machine that is measured.
    everyMs: 1_000,
  });
  for (const [index, { pid }] of workers.entries()) {
    const inferencePid = await findInferencePid(pid);
    usage[index] = {
      supervisorMs: await readCpuMs(pid),
      inferenceMs: inferencePid === undefined ? 0 : await readCpuMs(inferencePid),
      helpersMs: await readChildrenCpuMs(pid),
    };
  }
  return usage;
}

async function describe(
  fleet: BenchFleet,
  { id, workers, usage }: { id: string; workers: readonly PartProcess[]; usage: readonly Usage[] },
): Promise<Omit<Outcome, 'name'>> {
  const job = await fleet.getJob(id);
  if (job.status !== 'done') throw new Error(`The job ended otherwise: ${JSON.stringify(job)}`);
  const times = await Promise.all(
    workers.map(async (worker) => readChunkTimes(await worker.readLog())),
  );
  const begunMs = Date.parse(job.startedAt ?? '');
  const finishedMs = Date.parse(job.finishedAt ?? '');
  const lastMs = Math.max(...times.map((time) => time.lastMs ?? 0));
  return {
    seconds: (finishedMs - Date.parse(job.createdAt)) / 1000,
    words: listWords(await readDocument(job)),
    numChunks: new Set(times.flatMap(({ recognized }) => recognized)).size,
    workers: times.map(({ recognized, firstMs = begunMs, idleMs }, index) => ({
      chunks: recognized,
      supervisorSeconds: (usage[index]?.supervisorMs ?? 0) / 1000,
      inferenceSeconds: (usage[index]?.inferenceMs ?? 0) / 1000,
      helpersSeconds: (usage[index]?.helpersMs ?? 0) / 1000,
      untilFirstSeconds: (firstMs - begunMs) / 1000,
      idleSeconds: idleMs / 1000,
    })),
    afterLastSeconds: (finishedMs - lastMs) / 1000,
    load: describeLoad(),
  };
}

async function readDocument({ result }: JobView): Promise<TranscriptDocument> {
  const url = result?.files.find(({ format }) => format === 'json')?.url ?? '';
  return parseTranscriptDocument(JSON.parse(await readFile(fileURLToPath(url), 'utf8')));
}

/** Words with their times: a seam that moved shows, too. */
function listWords(document: TranscriptDocument): string[] {
  return document.segments.flatMap(({ words }) => words.map((word) => JSON.stringify(word)));
}

function isSame(words: readonly string[], others: readonly string[]): boolean {
  return words.length === others.length && words.every((word, index) => word === others[index]);
}

function printOutcomes(outcomes: readonly Outcome[]): void {
  const time = (seconds: number) => seconds.toFixed(1);
  console.log(
    formatTable(
      ['run', 'seconds', 'chunks', 'words', 'after last chunk', 'load'],
      outcomes.map(({ name, seconds, numChunks, words, afterLastSeconds, load }) => [
        ...[name, time(seconds), numChunks, words.length, time(afterLastSeconds), load],
      ]),
    ),
  );
  console.log('\nSeconds of each worker: CPU, and what its lane lost (0 of CPU: it was killed)');
  console.log(
    formatTable(
      [
        'run',
        'worker',
        'chunks',
        'CPU inference',
        'CPU supervisor',
        'CPU ffmpeg',
        'until 1st chunk',
        'idle between',
      ],
      outcomes.flatMap(({ name, workers }) =>
        workers.map((worker, index) => [
          ...[name, index + 1, worker.chunks.length, time(worker.inferenceSeconds)],
          ...[time(worker.supervisorSeconds), time(worker.helpersSeconds)],
          ...[time(worker.untilFirstSeconds), time(worker.idleSeconds)],
        ]),
      ),
    ),
  );
}
