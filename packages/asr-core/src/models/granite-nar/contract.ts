// Tensors of Granite Speech NAR exports (docs/models/granite.md, "Graphs"). Sizes are read from the graphs.

import { z } from 'zod';
import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { type GraniteSwitches } from './switches.js';

export const ENCODER_INPUTS = { features: 'input_features', mask: 'attention_mask' } as const;
/** `char_logits`, the encoder's fifth output, is for diagnosis only and not asked for. */
export const ENCODER_OUTPUTS = {
  draftLogits: 'bpe_logits_dense',
  draftMask: 'bpe_mask',
  audioEmbeds: 'audio_embeds',
  audioLengths: 'audio_lengths',
} as const;
export const EMBED_INPUT = 'input_ids';
export const EMBED_OUTPUT = 'inputs_embeds';
export const EDITOR_INPUTS = {
  embeds: 'inputs_embeds',
  positions: 'position_ids',
  mask: 'attention_mask',
} as const;
export const EDITOR_OUTPUT = 'logits';

/** Rows of 20 ms for each CTC frame. */
export const ROWS_PER_DRAFT_FRAME = 4;
/** The draft's blank; the tokens follow it, so that a token's id is its class less one. */
export const BLANK_CLASS = 0;
/** Rows that the encoder attends to together: 4 s. */
export const BLOCK_ROWS = 200;

/** Of the published model, whose export comes without the configuration that says so. */
const EMBEDDING_MULTIPLIER = 12;

const configSchema = z.looseObject({
  scale_projected_embeddings: z.boolean().optional(),
  embedding_multiplier: z.number().positive().optional(),
  text_config: z.looseObject({ embedding_multiplier: z.number().positive().optional() }).optional(),
});

export type GraniteGraphs = {
  encoder: OnnxSession;
  embedTokens: OnnxSession;
  editor: OnnxSession;
};

/**
 * Whether the three graphs belong together, and the mel bins that they take.
 * @throws AsrError `MODEL_CONTRACT_MISMATCH`
 */
export function readNumMels({ encoder, embedTokens, editor }: GraniteGraphs): number {
  checkTensors(encoder, {
    inputs: Object.values(ENCODER_INPUTS),
    outputs: Object.values(ENCODER_OUTPUTS),
  });
  checkTensors(embedTokens, { inputs: [EMBED_INPUT], outputs: [EMBED_OUTPUT] });
  checkTensors(editor, { inputs: Object.values(EDITOR_INPUTS), outputs: [EDITOR_OUTPUT] });
  const featureWidth = requireDimension(
    encoder.inputShape(ENCODER_INPUTS.features),
    -1,
    'input_features (two frames of mel bins)',
  );
  const classes = encoder.outputShape(ENCODER_OUTPUTS.draftLogits).at(-1);
  const vocabularySize = editor.outputShape(EDITOR_OUTPUT).at(-1);
  const hiddenSizes = [
    encoder.outputShape(ENCODER_OUTPUTS.audioEmbeds),
    embedTokens.outputShape(EMBED_OUTPUT),
    editor.inputShape(EDITOR_INPUTS.embeds),
  ].map((shape) => shape.at(-1));
  // An export may leave the size of an output open.
  const hasBlank =
    typeof classes !== 'number' ||
    typeof vocabularySize !== 'number' ||
    classes === vocabularySize + 1;
  const fixedSizes = hiddenSizes.filter((size) => typeof size === 'number');
  if (featureWidth % 2 === 0 && hasBlank && new Set(fixedSizes).size <= 1) return featureWidth / 2;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `The graphs do not belong together: rows of ${featureWidth} features (two frames of mel bins), ${classes} draft classes (one more than the vocabulary), a vocabulary of ${vocabularySize}, embeddings of ${hiddenSizes.join(', ')}.`,
  );
}

/**
 * What the audio's embeddings are divided by: 1 where the configuration says that they are not scaled.
 * @param config `granite_export_metadata.json` or the model's `config.json`
 * @throws AsrError `MODEL_FILE_UNREADABLE`
 */
export function parseEmbeddingDivisor(
  config: string | undefined,
  mode: GraniteSwitches['divideEmbeddings'],
): number {
  if (mode === 'never') return 1;
  const parsed = configSchema.safeParse(parseJson(config ?? '{}'));
  if (!parsed.success) {
    throw new AsrError(
      'MODEL_FILE_UNREADABLE',
      `The model's configuration is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { scale_projected_embeddings, embedding_multiplier, text_config } = parsed.data;
  if (mode === 'auto' && scale_projected_embeddings === false) return 1;
  return embedding_multiplier ?? text_config?.embedding_multiplier ?? EMBEDDING_MULTIPLIER;
}

/** The graph takes these inputs and no others, and gives at least these outputs. */
function checkTensors(
  { path, inputNames, outputNames }: OnnxSession,
  { inputs, outputs }: { inputs: readonly string[]; outputs: readonly string[] },
): void {
  const isRight =
    inputNames.length === inputs.length &&
    inputs.every((name) => inputNames.includes(name)) &&
    outputs.every((name) => outputNames.includes(name));
  if (isRight) return;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `${path} must take ${inputs.join(', ')} and give ${outputs.join(', ')}; it takes ${inputNames.join(', ')} and gives ${outputNames.join(', ')}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
