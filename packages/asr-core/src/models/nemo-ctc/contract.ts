// Tensors of NeMo's CTC exports (docs/models/nemo.md, "CTC"): one graph, log-probabilities, blank last.

import { AsrError } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { type Vocabulary } from '../../tokens/vocabulary.js';

export const MODEL_INPUTS = { features: 'audio_signal', length: 'length' } as const;

/** Name of the log-probability output; exports call it `logprobs`, and it is their only one. */
export function readCtcOutputName(session: OnnxSession, vocabulary: Vocabulary): string {
  const [only, ...others] = session.outputNames;
  const name = session.outputNames.includes('logprobs') ? 'logprobs' : only;
  if (name === undefined || (name !== 'logprobs' && others.length > 0)) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `${session.path} must have one output or one named logprobs; it has ${session.outputNames.join(', ') || 'none'}.`,
    );
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
