// Tensors of NeMo's token-and-duration transducer exports (docs/models/nemo.md, "Graphs"). Nothing about sizes is
// assumed: feature bins, widths, state sizes and the number of durations come from the graphs and the vocabulary.

import { z } from 'zod';
import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { type Vocabulary } from '../../tokens/vocabulary.js';

export const ENCODER = {
  inputs: { features: 'audio_signal', length: 'length' },
  outputs: { frames: 'outputs', lengths: 'encoded_lengths' },
} as const;

export const DECODER_JOINT = {
  inputs: {
    frame: 'encoder_outputs',
    targets: 'targets',
    targetLength: 'target_length',
    hidden: 'input_states_1',
    cell: 'input_states_2',
  },
  outputs: { logits: 'outputs', hidden: 'output_states_1', cell: 'output_states_2' },
} as const;

const DEFAULT_MAX_TOKENS_PER_FRAME = 10;

export type TdtShape = {
  numMels: number;
  encoderWidth: number;
  stateLayers: number;
  stateWidth: number;
  /** Token classes, blank included; the durations follow them in the logits. */
  numTokens: number;
  /** Duration classes; class i skips i frames. */
  numDurations: number;
};

/** Reads the sizes and checks that the files belong together. @throws AsrError `MODEL_CONTRACT_MISMATCH` */
export function readTdtShape(
  encoder: OnnxSession,
  decoderJoint: OnnxSession,
  vocabulary: Vocabulary,
): TdtShape {
  const encoderWidth = requireDimension(
    encoder.outputShape(ENCODER.outputs.frames),
    1,
    'The encoder output',
  );
  const frameWidth = requireDimension(
    decoderJoint.inputShape(DECODER_JOINT.inputs.frame),
    1,
    'The decoder input',
  );
  const state = decoderJoint.inputShape(DECODER_JOINT.inputs.hidden);
  const numLogits = requireDimension(
    decoderJoint.outputShape(DECODER_JOINT.outputs.logits),
    -1,
    'The joint output',
  );
  const numTokens = vocabulary.pieces.length;
  const numDurations = numLogits - numTokens;
  if (frameWidth !== encoderWidth || numDurations < 2) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `Encoder, decoder and vocabulary do not belong together: encoder width ${encoderWidth}, ` +
        `decoder takes ${frameWidth}; ${numLogits} logits for ${numTokens} tokens.`,
    );
  }
  return {
    numMels: requireDimension(
      encoder.inputShape(ENCODER.inputs.features),
      1,
      'The encoder input (mel bins)',
    ),
    encoderWidth,
    stateLayers: requireDimension(state, 0, 'The decoder state (layers)'),
    stateWidth: requireDimension(state, 2, 'The decoder state (width)'),
    numTokens,
    numDurations,
  };
}

const configSchema = z.object({
  max_tokens_per_step: z.int().positive().default(DEFAULT_MAX_TOKENS_PER_FRAME),
});

/** Most tokens on one frame, from the text of `config.json`, if the model has one. */
export function parseMaxTokensPerFrame(config: string | undefined): number {
  if (config === undefined) return DEFAULT_MAX_TOKENS_PER_FRAME;
  try {
    return configSchema.parse(JSON.parse(config)).max_tokens_per_step;
  } catch (cause) {
    throw new AsrError('MODEL_FILE_UNREADABLE', "The model's config.json is not valid.", { cause });
  }
}
