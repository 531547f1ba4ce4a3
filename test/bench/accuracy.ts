// npm run accuracy: error rates and word times of the real product path, beside the reference figures and bounds.

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startInferenceProcess, type Inference } from '@stenofleet/asr-core';
import { readClipRecording } from '../measure/corpus.js';
import { configurations, describeModel, type Configuration } from '../measure/models.js';
import { explainMissing, resolveFolders, type DataFolders } from './command-options.js';
import { type Finding } from './finding.js';
import { measureClips, type ClipBounds } from './measure-clips.js';
import { measureExamples } from './measure-examples.js';
import { measureOddFiles } from './measure-odd-files.js';
import { measureSet } from './measure-sets.js';
import { formatTable } from './table.js';

const USAGE = `Usage: npm run accuracy -- [--data DIR] [--models DIR] [--sets NAME,…] [--only MODEL,…] [--quick] [--report FILE]
  --sets    audio, lj-part1, odd, lj001, lj002, two-party, examples   (all)
  --only    ctc-int8, tdt-fp32, tdt-int8, demo-int8                   (all)
  --quick   what is decisive, in under two minutes`;

type SetName = 'audio' | 'lj-part1' | 'odd' | 'lj001' | 'lj002' | 'two-party' | 'examples';

const modelSets: Record<
  string,
  { configuration: Configuration; sets: SetName[]; quick: SetName[] }
> = {
  'ctc-int8': {
    configuration: configurations.ctcInt8,
    sets: ['audio', 'lj-part1', 'odd', 'lj001', 'lj002', 'two-party'],
    quick: ['lj-part1', 'odd', 'lj002', 'two-party'],
  },
  'tdt-fp32': {
    configuration: configurations.tdtFp32,
    sets: ['audio', 'lj-part1', 'odd', 'lj001', 'lj002', 'two-party'],
    quick: [],
  },
  'tdt-int8': {
    configuration: configurations.tdtInt8,
    sets: ['audio', 'lj-part1', 'odd', 'lj001', 'lj002', 'two-party'],
    quick: ['audio'],
  },
  'demo-int8': { configuration: configurations.demoInt8, sets: ['examples'], quick: ['examples'] },
};

/** Error rates of the reference implementation with voice activity detection, and how far above them we may lie. */
const longRecordings: Record<
  'lj001' | 'lj002' | 'two-party',
  { file: string; ctc: ClipBounds; tdt: ClipBounds }
> = {
  lj001: {
    file: 'lj001_chapter.mp3',
    ctc: { maxErrorRate: 4.2, seams: true, startDistance: true, strays: true },
    tdt: { startDistance: true, strays: true },
  },
  lj002: {
    file: 'lj002_5min_video.mp4',
    ctc: { maxErrorRate: 4.3, startDistance: true, strays: true },
    tdt: { startDistance: true, strays: true },
  },
  'two-party': {
    file: 'two_party_8k_ulaw_stereo.wav',
    ctc: { strays: true },
    tdt: { strays: true },
  },
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      models: { type: 'string' },
      sets: { type: 'string' },
      only: { type: 'string' },
      report: { type: 'string' },
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
    console.log(`accuracy ${missing}`);
    return;
  }
  const wanted = (name: string, list: string | undefined) =>
    list?.split(',').includes(name) ?? true;
  const findings: Finding[] = [];
  for (const [name, model] of Object.entries(modelSets)) {
    const sets = (values.quick ? model.quick : model.sets).filter((set) =>
      wanted(set, values.sets),
    );
    if (!wanted(name, values.only) || sets.length === 0) continue;
    findings.push(...(await measureModel(model.configuration, sets, folders)));
  }
  printSummary(findings);
  if (values.report !== undefined) {
    await writeFile(values.report, `${JSON.stringify(findings, null, 1)}\n`);
  }
}

async function measureModel(
  configuration: Configuration,
  sets: readonly SetName[],
  folders: DataFolders,
): Promise<Finding[]> {
  const inference = await startInferenceProcess({
    model: await describeModel(folders.models, configuration),
    laneCount: availableParallelism(),
  });
  const findings: Finding[] = [];
  try {
    for (const set of sets) {
      const finding = await measure(set, { configuration, inference, folders });
      console.log(`\n${finding.title}`);
      finding.tables.forEach((table) => console.log(table));
      findings.push(finding);
    }
  } finally {
    await inference.close();
  }
  return findings;
}

async function measure(
  set: SetName,
  {
    configuration,
    inference,
    folders,
  }: { configuration: Configuration; inference: Inference; folders: DataFolders },
): Promise<Finding> {
  const { name, family, oracle = '' } = configuration;
  const { data, examples } = folders;
  switch (set) {
    case 'audio':
    case 'lj-part1':
      return measureSet(set, { inference, data, name, oracle });
    case 'odd':
      return measureOddFiles({ inference, data, name });
    case 'examples':
      return measureExamples(examples, { inference, name });
    case 'lj001':
    case 'lj002':
    case 'two-party': {
      const { file, ctc, tdt } = longRecordings[set];
      const recording = await readClipRecording(join(data, 'audio', 'long'), file);
      const bounds = family === 'nemo-ctc' ? ctc : tdt;
      return (await measureClips([{ recording, bounds }], { inference, name })).finding;
    }
  }
}

function printSummary(findings: readonly Finding[]): void {
  const checks = findings.flatMap((finding) => finding.checks);
  const missed = checks.filter(({ passed }) => !passed);
  console.log('\nBounds');
  console.log(
    formatTable(
      ['', 'what', 'measured', 'bound'],
      checks.map(({ name, measured, bound, passed }) => [
        passed ? 'ok' : 'MISSED',
        name,
        measured,
        bound,
      ]),
    ),
  );
  console.log(
    missed.length === 0
      ? `\nAll ${checks.length} bounds are kept.`
      : `\n${missed.length} of ${checks.length} bounds are missed.`,
  );
  if (missed.length > 0) process.exitCode = 1;
}
