// `steno models check`: graphs against their family's contract → opened → a second of speech and one of silence → its
// words over the examples against those of another tier.

import { readFile } from 'node:fs/promises';
import {
  checkGraphs,
  createAudioDecoder,
  type DecodingRemark,
  type GraphReport,
  type InferenceProcess,
  type ModelDescription,
  SAMPLE_RATE_HZ,
} from '@stenofleet/asr-core';
import { type ModelSwitches, type ResolvedModel } from '@stenofleet/model-store';
import { openInference } from '../transcribe/open-inference.js';
import { readExampleSpeech, type SpokenLine } from './example-speech.js';
import { type GivenSwitches } from './parse-switches.js';
import { computeErrorRate, countEdits } from './word-error-rate.js';

export type CheckRequest = {
  model: ResolvedModel;
  /** In the place of those that are installed; `undefined` for the family's default. */
  switches: GivenSwitches;
  /** The tier to compare with. */
  against: ResolvedModel | undefined;
};

export type Pass = {
  audio: 'speech' | 'silence';
  seconds: number;
  text: string;
  computeMs: number;
  remarks: DecodingRemark[];
};

export type Comparison = {
  against: string;
  /** Words of the other tier. */
  words: number;
  /** Between the two tiers, as a share of the other's words. */
  wordErrorRate: number;
  /** Against what is said; the examples are English. */
  trueErrorRate: { tier: number; against: number };
  /** The manifest's budget for this pair. */
  maxWordErrorRate: number | undefined;
};

export type CheckReport = {
  model: string;
  tier: string;
  family: string;
  switches: ModelSwitches;
  otherWeights: boolean;
  /** CPU features that the tier wants and this machine lacks. */
  missingCpuFeatures: string[];
  graphs: GraphReport[];
  /** Absent where the graphs are not what the family expects. */
  opened?: { loadMs: number; memoryBytes: number | undefined; passes: Pass[] };
  comparison?: Comparison;
};

/** @throws AsrError */
export async function checkModel(request: CheckRequest, signal: AbortSignal): Promise<CheckReport> {
  const { model, against } = request;
  const { tier, manifest } = model;
  const switches = mergeSwitches(model.description.switches, request.switches);
  const description = { ...model.description, switches };
  const graphs = await checkGraphs(description);
  const report: CheckReport = {
    model: manifest.id,
    tier,
    family: manifest.family,
    switches,
    otherWeights: model.provenance.otherWeights ?? false,
    missingCpuFeatures: await findMissingFeatures(manifest.tiers[tier]?.cpuFeatures ?? []),
    graphs,
  };
  if (graphs.some(({ problems }) => problems.length > 0)) return report;

  const lines = await readExampleSpeech(createAudioDecoder(), signal);
  const run = await runModel(description, { lines, hearAll: against !== undefined, signal });
  if (!against) return { ...report, opened: run.opened };
  const other = await runModel(against.description, { lines, hearAll: true, signal });
  const rate = (texts: readonly string[], references: readonly string[]) =>
    computeErrorRate(texts.map((text, line) => countEdits(references[line] ?? '', text)));
  const said = lines.map(({ text }) => text);
  const budget = manifest.tiers[tier]?.parity;
  return {
    ...report,
    opened: run.opened,
    comparison: {
      against: against.tier,
      words: other.texts.reduce((sum, text) => sum + countEdits(text, '').words, 0),
      wordErrorRate: rate(run.texts, other.texts),
      trueErrorRate: { tier: rate(run.texts, said), against: rate(other.texts, said) },
      maxWordErrorRate: budget?.reference === against.tier ? budget.maxWordErrorRate : undefined,
    },
  };
}

function mergeSwitches(installed: ModelSwitches | undefined, given: GivenSwitches): ModelSwitches {
  return Object.fromEntries(
    Object.entries({ ...installed, ...given }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}

async function runModel(
  model: ModelDescription,
  {
    lines,
    hearAll,
    signal,
  }: { lines: readonly SpokenLine[]; hearAll: boolean; signal: AbortSignal },
): Promise<{ opened: NonNullable<CheckReport['opened']>; texts: string[] }> {
  const startedMs = performance.now();
  const inference = await openInference({ model, laneCount: 1 }, signal);
  const loadMs = performance.now() - startedMs;
  const hear = createHearing(inference, { model, signal });
  try {
    const speech = (lines[0]?.samples ?? new Float32Array(0)).slice(0, SAMPLE_RATE_HZ);
    const passes = [
      { audio: 'speech' as const, ...(await hear(speech)) },
      { audio: 'silence' as const, ...(await hear(new Float32Array(SAMPLE_RATE_HZ))) },
    ];
    const texts: string[] = [];
    for (const { samples } of hearAll ? lines : []) texts.push((await hear(samples)).text);
    const memoryBytes = await inference.readPrivateBytes();
    return { opened: { loadMs, memoryBytes, passes }, texts };
  } finally {
    await inference.close();
  }
}

function createHearing(
  inference: InferenceProcess,
  { model, signal }: { model: ModelDescription; signal: AbortSignal },
) {
  const language = chooseLanguage(model.languages);
  return async (samples: Float32Array): Promise<Omit<Pass, 'audio'>> => {
    const seconds = samples.length / SAMPLE_RATE_HZ;
    const { words, remarks, computeMs } = await inference.recognize({
      samples: samples.slice(),
      decoding: { language },
      signal,
    });
    return { seconds, text: words.map(({ text }) => text).join(' '), computeMs, remarks };
  };
}

/** The examples' language, where the model knows it. */
function chooseLanguage(languages: readonly string[]): string | undefined {
  if (languages.includes('en')) return 'en';
  return languages.find((language) => language !== 'und');
}

/** None where the system does not tell. */
async function findMissingFeatures(wanted: readonly string[]): Promise<string[]> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' ');
  return flags ? wanted.filter((feature) => !flags.includes(feature)) : [];
}
