// Tensors of the exports (docs/models/cohere.md, "Graphs"). Sizes and element types are read from the graphs.

import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';

export const WAVEFORM_ENCODER = {
  input: 'audio',
  outputs: ['n_layer_cross_k', 'n_layer_cross_v'],
} as const;

export const WAVEFORM_DECODER = {
  tokens: 'tokens',
  offset: 'offset',
  logits: 'logits',
  /** Caches: what goes in, and as what it comes out. */
  caches: {
    in_n_layer_self_k_cache: 'out_n_layer_self_k_cache',
    in_n_layer_self_v_cache: 'out_n_layer_self_v_cache',
  },
} as const;

export const MEL_ENCODER = { input: 'input_features', output: 'last_hidden_state' } as const;

export const MEL_DECODER = {
  tokens: 'input_ids',
  mask: 'attention_mask',
  positions: 'position_ids',
  logitsToKeep: 'num_logits_to_keep',
  hiddenStates: 'encoder_hidden_states',
  logits: 'logits',
  /** Caches are named `past_key_values.{layer}.{decoder|encoder}.{key|value}` and come out as `present.…`. */
  past: 'past_key_values.',
  present: 'present.',
} as const;

/**
 * Refuses a graph that takes other inputs than these, or lacks one of the outputs.
 * @throws AsrError `MODEL_CONTRACT_MISMATCH`
 */
export function checkTensors(
  { path, inputNames, outputNames }: OnnxSession,
  { inputs, outputs }: { inputs: readonly string[]; outputs: readonly string[] },
): void {
  const problems = [
    ...inputs.filter((name) => !inputNames.includes(name)).map((name) => `no input ${name}`),
    ...inputNames.filter((name) => !inputs.includes(name)).map((name) => `an input ${name}`),
    ...outputs.filter((name) => !outputNames.includes(name)).map((name) => `no output ${name}`),
  ];
  if (problems.length === 0) return;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `${path} does not have the tensors of Cohere Transcribe: it has ${problems.join(', ')}.`,
  );
}
