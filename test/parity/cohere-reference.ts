// Golden results of the family `cohere` in its two forms, and the model behind them.

import { existsSync, readFileSync } from 'node:fs';
import { type ModelDescription, type ModelSwitches } from '@stenofleet/asr-core';
import {
  type CohereSessions,
  type PieceTable,
  joinSpellings,
  openOnnxSession,
  parsePieceTable,
  parseTokenizerPieces,
  spellTokens,
} from '@stenofleet/asr-core/reference';
import { hasReference, referencePath } from '../fixtures/reference.js';

/** What is known of a tensor: some of its values, and sums over all of them. */
export type TensorCheck = {
  shape: number[];
  sum: number;
  abs_sum: number;
  flat_index: number[];
  value: number[];
};

export type GoldenCase = {
  audio: string;
  language: string;
  pnc: boolean;
  prompt_tokens: 9 | 10;
  eos_bias: number;
  max_tokens: number;
  prompt_ids: number[];
  generated_ids: number[];
  stopped: 'eos' | 'cap';
  logprobs: number[];
  eos_logprob: number | null;
  first_step_top5: [id: number, logit: number][];
  text: string;
};

type GoldenAudio = {
  name: string;
  file: string;
  samples: number;
  /** Of the waveform form, by the names of the encoder's outputs. */
  encoder?: Record<string, TensorCheck>;
  /** Of the mel form. */
  features?: TensorCheck;
  last_hidden_state?: TensorCheck;
};

type Golden = {
  tolerance: {
    features_abs?: number;
    encoder_abs: number;
    logit_abs: number;
    logprob_abs: number;
    sum_rel?: number;
  };
  audio: GoldenAudio[];
  cases: GoldenCase[];
  detokenise_cases?: { ids: number[]; text: string }[];
};

/** One folder of golden results. */
export type CohereReference = {
  name: string;
  isThere: boolean;
  golden: Golden;
  files: ModelDescription['files'];
  /** Named in the golden results. */
  languages: string[];
};

const nothing: Golden = {
  tolerance: { encoder_abs: 0, logit_abs: 0, logprob_abs: 0 },
  audio: [],
  cases: [],
};

export const waveformReference = describeReference('cohere-tiny', {
  encoder: 'cohere-encoder.onnx',
  decoder: 'cohere-decoder.onnx',
  vocabulary: 'tokens.txt',
});

export const melReference = describeReference('cohere-mel-tiny', {
  encoder: 'onnx/encoder_model.onnx',
  decoder: 'onnx/decoder_model_merged.onnx',
  tokenizer: 'tokenizer.json',
  config: 'config.json',
});

export const references = [waveformReference, melReference];

/** The model of a reference, whose table may have ids of its own. */
export function describeModel(
  { name, files, languages }: CohereReference,
  switches: ModelSwitches = {},
): ModelDescription {
  return {
    id: name,
    tier: 'fp32',
    family: 'cohere',
    files,
    switches: { tokenTable: 'own', ...switches },
    frontEnd: { kind: 'from-graph' },
    subsamplingFactor: 8,
    maxSegmentSeconds: 30,
    languages,
    languageRequired: true,
    punctuation: true,
  };
}

export async function openSessions({ files }: CohereReference): Promise<CohereSessions> {
  return {
    encoder: await openOnnxSession(files.encoder),
    decoder: await openOnnxSession(known(files.decoder)),
  };
}

export async function closeSessions({ encoder, decoder }: CohereSessions): Promise<void> {
  await encoder.close();
  await decoder.close();
}

export function readConfig({ files }: CohereReference): string | undefined {
  return files.config === undefined ? undefined : readFileSync(files.config, 'utf8');
}

export function readPieces({ files }: CohereReference): PieceTable {
  return files.vocabulary === undefined
    ? parseTokenizerPieces(readFileSync(known(files.tokenizer), 'utf8'))
    : parsePieceTable(readFileSync(files.vocabulary, 'utf8'));
}

/** The samples of an audio of the golden results. */
export function readSamples({ name, golden }: CohereReference, audio: string): Float32Array {
  const { file, samples } = known(golden.audio.find((candidate) => candidate.name === audio));
  const bytes = readFileSync(referencePath(name, file));
  const values = new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * samples),
  );
  if (bytes.byteLength !== 4 * samples) throw new Error(`${file} has not ${samples} samples.`);
  return values;
}

/** Largest difference of the known values, and of the two sums. */
export function compareTensor(
  { dims, data }: { dims: readonly number[]; data: Float32Array },
  { shape, flat_index, value, sum, abs_sum }: TensorCheck,
): { shape: boolean; values: number; sums: number } {
  let total = 0;
  let magnitudes = 0;
  for (const element of data) {
    total += element;
    magnitudes += Math.abs(element);
  }
  return {
    shape: shape.join() === dims.join(),
    values: Math.max(
      ...flat_index.map((index, i) => Math.abs(known(data[index]) - known(value[i]))),
    ),
    sums: Math.max(Math.abs(total - sum), Math.abs(magnitudes - abs_sum)),
  };
}

function describeReference(
  name: string,
  files: { encoder: string } & Record<string, string>,
): CohereReference {
  const isThere = hasReference(name);
  const golden = isThere
    ? (JSON.parse(readFileSync(referencePath(name, 'golden.json'), 'utf8')) as Golden)
    : nothing;
  // All but the configuration must be there.
  const paths = Object.entries(files)
    .map(([role, path]) => [role, referencePath(name, path)] as const)
    .filter(([role, path]) => role !== 'config' || existsSync(path));
  return {
    name,
    isThere,
    golden,
    files: { encoder: referencePath(name, files.encoder), ...Object.fromEntries(paths) },
    languages: [...new Set(golden.cases.map(({ language }) => language))],
  };
}

/** The wanted case with the most tokens. */
export function longestCase(
  { golden }: CohereReference,
  isWanted: (expected: GoldenCase) => boolean,
): GoldenCase | undefined {
  const wanted = golden.cases.filter(isWanted);
  return wanted.toSorted((a, b) => b.generated_ids.length - a.generated_ids.length)[0];
}

/** Whether a text came to its end, and is not empty. */
export function isWholeText({ stopped, text }: GoldenCase): boolean {
  return stopped === 'eos' && text.trim() !== '';
}

/** What a model is to be told to do as it did for this case. */
export function switchesOf({ prompt_tokens, eos_bias }: GoldenCase) {
  return { promptTokens: prompt_tokens, eosBias: eos_bias };
}

/** The text of tokens, trimmed. */
export function textOf(pieces: PieceTable, ids: readonly number[]): string {
  const tokens = ids.map((tokenId) => ({ tokenId, logProbability: 0 }));
  return joinSpellings(spellTokens(tokens, pieces));
}

export function withoutSpaces(text: string): string {
  return text.replaceAll(/\s+/gu, '');
}

/** A value that golden results, graphs or a caller always have. */
export function known<Value>(value: Value | null | undefined): Value {
  if (value === undefined || value === null) throw new Error('A value is missing.');
  return value;
}
