// Tensors of NeMo's CTC exports (docs/models/nemo.md, "CTC"): one graph, log-probabilities, blank last.

import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { type Vocabulary } from '../../tokens/vocabulary.js';

export const MODEL_INPUTS = { features: 'audio_signal', length: 'length' } as const;

/** Name of the log-probability output; exports call it `logprobs`, and it is their only one. */
export function readCtcOutputName(session: OnnxSession, vocabulary: Vocabulary): string {
  const name =
    session.outputNames.find((output) => output === 'logprobs') ?? session.outputNames[0];
  if (name === undefined) {
    throw new AsrError('MODEL_CONTRACT_MISMATCH', `${session.path} has no output.`);
  }
  const numClasses = requireDimension(session.outputShape(name), -1, 'The CTC output');
  if (numClasses !== vocabulary.pieces.length) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The graph has ${numClasses} classes and the vocabulary ${vocabulary.pieces.length} pieces.`,
    );
  }
  return name;
}

/** Output frames that count: each stride-2 convolution halves the length, rounding up. */
export function computeValidFrames(featureFrames: number, subsamplingFactor: number): number {
  let frames = featureFrames;
  for (let factor = subsamplingFactor; factor > 1; factor /= 2) frames = Math.ceil(frames / 2);
  return frames;
}
