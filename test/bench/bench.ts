// npm run bench: our core and sherpa-onnx-node on the same weights, the same stretches of speech and the same machine.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openLanePool } from '@stenofleet/asr-core';
import { z } from 'zod';
import { listAudio, listSentences } from '../measure/corpus.js';
import {
  configurations,
  describeModel,
  type Configuration,
  type NemoDescription,
} from '../measure/models.js';
import { computeMedian } from '../measure/statistics.js';
import { explainMissing, resolveFolders, type DataFolders } from './command-options.js';
import { runRounds, type Contestant, type Outcome } from './contestant.js';
import { countSeconds, cutSpeech } from './cut-speech.js';
import { openOurCore } from './our-core.js';
import { createSherpa, sherpaVersions } from './sherpa-onnx.js';
import { formatTable } from './table.js';

const USAGE = `Usage: npm run bench -- [--data DIR] [--models DIR] [--minutes N] [--rounds N]
  --minutes   speech to recognise in each round (10)
  --rounds    how often each contestant has its turn (3)`;

/** What we aim at; a miss is reported, never an error. */
const goals = { allCores: 1.5, oneCore: 1.1, outsideShare: 0.08 };
/** Stretches that each contestant hears before the clock starts. */
const WARM_UP_STRETCHES = 6;

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      models: { type: 'string' },
      minutes: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
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
    console.log(`bench ${missing}`);
    return;
  }
  const numbers = z.object({
    minutes: z.coerce.number().positive(),
    rounds: z.coerce.number().int().positive(),
  });
  const { minutes, rounds } = numbers.parse(values);
  await printMachine();
  const stretches = await cutCorpus(folders, 60 * minutes);
  const seconds = countSeconds(stretches);
  console.log(
    `Speech     ${stretches.length} stretches, ${seconds.toFixed(0)} s; ${rounds} rounds in turn`,
  );
  for (const configuration of [configurations.ctcInt8, configurations.tdtFp32]) {
    await compare(configuration, { folders, stretches, numRounds: rounds });
  }
  console.log(
    '\nTimes are wall clock. Other work on the machine strikes single rounds: compare medians, and repeat before you conclude.',
  );
}

async function cutCorpus(folders: DataFolders, maxSeconds: number): Promise<Float32Array[]> {
  const { data, models } = folders;
  const recordings = [...(await listSentences(data)), ...(await listAudio(data, 'en'))];
  const inference = await openLanePool({
    model: await describeModel(models, configurations.ctcInt8),
    laneCount: 1,
  });
  try {
    return await cutSpeech(recordings, { inference, maxSeconds });
  } finally {
    await inference.close();
  }
}

async function compare(
  configuration: Configuration,
  {
    folders,
    stretches,
    numRounds,
  }: { folders: DataFolders; stretches: readonly Float32Array[]; numRounds: number },
): Promise<void> {
  const contestants = await startAll(await describeModel(folders.models, configuration));
  const warmUp = [...stretches].sort((a, b) => b.length - a.length).slice(0, WARM_UP_STRETCHES);
  for (const contestant of contestants) await contestant.recognizeAll(warmUp);
  const outcomes = await runRounds(contestants, { stretches, numRounds });
  const seconds = countSeconds(stretches);
  console.log(`\n${configuration.name} (outside model runs: goal < ${100 * goals.outsideShare} %)`);
  console.log(
    formatTable(
      ['', 'RTFx', 'seconds: median', 'min', 'max', 'CPU seconds', 'outside runs', 'words'],
      await Promise.all(outcomes.map((outcome) => describeOutcome(outcome, seconds))),
    ),
  );
  printRatios(outcomes);
  for (const contestant of contestants) await contestant.close();
}

async function startAll(model: NemoDescription): Promise<Contestant[]> {
  const cores = availableParallelism();
  const oneEach = [
    await openOurCore(model, 1),
    createSherpa(model, { perStretch: 1, stretchesAtOnce: 1 }),
  ];
  if (cores === 1) return oneEach;
  return [
    ...oneEach,
    await openOurCore(model, cores),
    createSherpa(model, { perStretch: cores, stretchesAtOnce: 1 }),
    createSherpa(model, { perStretch: 1, stretchesAtOnce: cores }),
  ];
}

async function describeOutcome(
  { contestant, roundSeconds, cpuSeconds, words }: Outcome,
  audioSeconds: number,
): Promise<string[]> {
  const median = computeMedian(roundSeconds);
  const outside = await contestant.getOutsideShare?.();
  return [
    contestant.name,
    (audioSeconds / median).toFixed(1),
    median.toFixed(2),
    Math.min(...roundSeconds).toFixed(2),
    Math.max(...roundSeconds).toFixed(2),
    computeMedian(cpuSeconds).toFixed(2),
    outside === undefined ? '–' : `${(100 * outside).toFixed(1)} %`,
    String(words),
  ];
}

function printRatios(outcomes: readonly Outcome[]): void {
  const cores = availableParallelism();
  const find = (role: Contestant['role'], isWanted: (cores: number) => boolean) =>
    outcomes.filter(({ contestant }) => contestant.role === role && isWanted(contestant.cores));
  const [one] = find('ours', (count) => count === 1);
  const [all] = find('ours', (count) => count === cores);
  if (one) {
    const others = find('thread-setting', (count) => count === 1);
    printRatio('one core each', { ours: one, others, goal: goals.oneCore });
  }
  if (!all || all === one) return;
  const settings = find('thread-setting', () => true);
  printRatio(`${cores} cores, its best thread setting`, {
    ...{ ours: all, others: settings, goal: goals.allCores },
  });
  const concurrent = find('concurrent-calls', () => true);
  printRatio(`${cores} cores, called for ${cores} stretches at once`, {
    ...{ ours: all, others: concurrent },
  });
}

/** The other's best time through ours: by medians, and by the best round of each. */
function printRatio(
  name: string,
  { ours, others, goal }: { ours: Outcome; others: readonly Outcome[]; goal?: number },
): void {
  const ratio = (measure: (values: number[]) => number) =>
    Math.min(...others.map(({ roundSeconds }) => measure(roundSeconds))) /
    measure(ours.roundSeconds);
  const median = ratio(computeMedian);
  const best = ratio((values) => Math.min(...values));
  const verdict =
    goal === undefined ? '' : `; goal ${goal}: ${median >= goal ? 'reached' : 'not reached'}`;
  console.log(
    `  ${name}: ${median.toFixed(2)} times as fast (best rounds: ${best.toFixed(2)})${verdict}`,
  );
}

async function printMachine(): Promise<void> {
  const core = createRequire(fileURLToPath(import.meta.resolve('@stenofleet/asr-core')));
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(core.resolve('onnxruntime-node/package.json'), 'utf8')));
  const [cpu] = cpus();
  console.log(
    `Machine    ${cpu?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(2) ?? '?'}`,
  );
  console.log(`Versions   node ${process.version}, onnxruntime-node ${version}, ${sherpaVersions}`);
}
