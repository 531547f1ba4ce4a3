// The two forms in which the model is exported, told apart by what the encoder takes: repositories use the same file
// names for different graphs.

import { type Tensor } from 'onnxruntime-node';
import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { MEL_ENCODER, WAVEFORM_ENCODER } from './contract.js';
import { createMelGraphs } from './mel-graphs.js';
import { createWaveformGraphs } from './waveform-graphs.js';

/** Encoder and decoder; one instance belongs to one thread. */
export interface CohereGraphs {
  /** Tokens that the decoder has room for, prompt included. */
  readonly contextTokens: number;
  /** Classes of the logits: the size of the token table. */
  readonly numClasses: number;
  /** What the decoder needs of the audio (mono, −1…1, 16 kHz, not padded), by the graph's own names. */
  encode(samples: Float32Array): Promise<Encoding>;
  /** A decoder that has heard nothing but this audio. */
  startDecoder(encoding: Encoding): StepDecoder;
}

export type CohereSessions = { encoder: OnnxSession; decoder: OnnxSession };

export type Encoding = Record<string, Tensor>;

/** The decoder of one segment; it remembers what it was fed. */
export interface StepDecoder {
  /** Feeds the next tokens; answers the logits `[numClasses]` of what follows the last of them. */
  feed(tokenIds: readonly number[]): Promise<Float32Array>;
}

/**
 * Finds the form of the graphs. `config` is the text of the model's `config.json`, which tells the context where the
 * decoder's caches grow.
 * @throws AsrError `MODEL_CONTRACT_MISMATCH`, `MODEL_FILE_UNREADABLE`
 */
export async function createCohereGraphs(
  sessions: CohereSessions,
  config?: string,
): Promise<CohereGraphs> {
  const { inputNames, path } = sessions.encoder;
  if (inputNames.includes(WAVEFORM_ENCODER.input)) return createWaveformGraphs(sessions);
  if (inputNames.includes(MEL_ENCODER.input)) return createMelGraphs(sessions, config);
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `${path} takes ${inputNames.join(', ')}; an encoder of Cohere Transcribe takes ` +
      `${WAVEFORM_ENCODER.input} or ${MEL_ENCODER.input}.`,
  );
}
