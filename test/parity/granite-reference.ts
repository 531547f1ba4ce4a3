// Golden results of the family `granite-nar`, and the model of each of their tiers.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { type ModelDescription, type ModelSwitches } from '@stenofleet/asr-core';
import { type GraniteFeatures, type OnnxSession } from '@stenofleet/asr-core/reference';
import { hasReference, referencePath } from '../fixtures/reference.js';

const NAME = 'granite-tiny';

/** What is known of a tensor: some of its values, and sums over all of them. */
export type TensorCheck = {
  shape: number[];
  sum: number;
  abs_sum: number;
  flat_index: number[];
  value: number[];
};

export type EncoderCheck = {
  bpe_frames: number;
  bpe_valid: number;
  audio_rows: number;
  bpe_logits: TensorCheck;
  audio_embeds: TensorCheck;
  char_logits: TensorCheck;
};

export type GoldenAudio = {
  name: string;
  file: string;
  samples: number;
  features: TensorCheck & {
    file: string;
    global_max: number;
    mean: number;
    min: number;
    max: number;
  };
  encoder_only?: EncoderCheck;
};

export type GoldenCase = EncoderCheck & {
  audio: string;
  rows: number;
  padding_rows: number;
  mode: 'round_trip' | 'direct';
  draft_classes: number[];
  draft_ids: number[];
  draft_frames: number[];
  draft_logprobs: number[];
  draft_decoded: string;
  draft_text: string;
  editor_input_ids: number[];
  slots: number[];
  editor_argmax: number[];
  editor_argmax_logprobs: number[];
  editor_logits: TensorCheck;
  final_ids: number[];
  text: string;
  without_collapse: { final_ids: number[]; text: string };
  min_top2_gap: number;
};

export type Golden = {
  dims: {
    hidden: number;
    vocabulary: number;
    ctc_classes: number;
    end_of_text: number;
    special_ids: number[];
    embedding_multiplier: number;
  };
  tolerance: Record<
    | 'features_abs'
    | 'features_rel'
    | 'encoder_abs'
    | 'logit_abs'
    | 'logprob_abs'
    | 'sum_rel'
    | 'with_given_features_abs',
    number
  >;
  mistakes_noticed?: Record<string, string>;
  audio: GoldenAudio[];
  cases: GoldenCase[];
  tokenizer_cases: { text: string; ids: number[] }[];
  detokenise_cases: { ids: number[]; text: string }[];
};

export const hasGolden = hasReference(NAME);
/** Behind the name of a suite that needs the golden results: it is skipped without them. */
export const needsReference = hasGolden ? '' : ' [skipped: needs ../shared/data]';
/** Empty where they are not there. */
export const golden = (
  hasGolden
    ? JSON.parse(readFileSync(granitePath('golden.json'), 'utf8'))
    : { audio: [], cases: [], tokenizer_cases: [], detokenise_cases: [] }
) as Golden;

/** Numbers in a row of features. */
const rowWidth = golden.audio[0]?.features.shape[1] ?? 0;

/** Folders with graphs; each is a tier. */
export const tiers = hasGolden
  ? readdirSync(granitePath()).filter((name) => existsSync(granitePath(name, 'encoder.onnx')))
  : [];

export function granitePath(...path: string[]): string {
  return referencePath(NAME, ...path);
}

export function describeModel(tier: string, switches: ModelSwitches = {}): ModelDescription {
  return {
    id: NAME,
    tier,
    family: 'granite-nar',
    files: {
      encoder: granitePath(tier, 'encoder.onnx'),
      embedTokens: granitePath(tier, 'embed_tokens.onnx'),
      editor: granitePath(tier, 'editor.onnx'),
      tokenizer: granitePath('tokenizer.json'),
      tokenizerConfig: granitePath('tokenizer_config.json'),
      config: granitePath('granite_export_metadata.json'),
    },
    switches,
    frontEnd: {
      kind: 'granite-log-mel',
      numMels: rowWidth / 2,
    },
    subsamplingFactor: 8,
    maxSegmentSeconds: 30,
    languages: ['en'],
    languageRequired: false,
    punctuation: false,
  };
}

/** As the golden results were made: whatever its length, audio is heard whole. */
export function switchesOf({ mode }: Pick<GoldenCase, 'mode'>): ModelSwitches {
  return { draft: mode === 'direct' ? 'direct' : 'round-trip', wholeBlocks: 'keep' };
}

export function audioOf({ audio }: Pick<GoldenCase, 'audio'>): GoldenAudio {
  return need(golden.audio.find(({ name }) => name === audio));
}

/** Little-endian float32. */
export function readFloats(file: string): Float32Array {
  const bytes = readFileSync(granitePath(file));
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  );
}

/** The features that the golden results were made from. */
export function readFeatures({ features }: GoldenAudio): GraniteFeatures {
  const numRows = features.shape[0] ?? 0;
  return { data: readFloats(features.file), numRows, validRows: numRows };
}

/** With so many rows of zeros behind them that do not count. */
export function padFeatures(features: GraniteFeatures, paddingRows: number): GraniteFeatures {
  const { data, numRows, validRows } = features;
  const padded = new Float32Array(rowWidth * (numRows + paddingRows));
  padded.set(data);
  return { data: padded, numRows: numRows + paddingRows, validRows };
}

export type SeenTensor = { dims: readonly number[]; data: ArrayLike<number | bigint> };

/** A session that asks for all outputs, and notes copies of them under their names. */
export function noteOutputs(session: OnnxSession, seen: Map<string, SeenTensor>): OnnxSession {
  return {
    ...session,
    async run(feeds) {
      const outputs = await session.run(feeds, session.outputNames);
      for (const [name, { dims, data }] of Object.entries(outputs)) {
        seen.set(name, { dims, data: (data as Float32Array).slice() });
      }
      return outputs;
    },
  };
}

/** What a test cannot do without. */
export function need<Value>(value: Value | undefined): Value {
  if (value === undefined)
    throw new Error('The golden results, or a graph, lack what this test needs.');
  return value;
}
