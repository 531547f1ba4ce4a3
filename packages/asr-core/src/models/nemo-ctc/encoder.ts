import { openFrontEnd } from '../../features/front-end.js';
import { HOP_SAMPLES } from '../../features/nemo-features.js';
import { type ModelDescription } from '../../recognizer.js';
import { openOnnxSession, readModelText } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { type Vocabulary, parseVocabulary } from '../../tokens/vocabulary.js';
import { requireFile } from '../require-file.js';
import { MODEL_INPUTS, readCtcOutputName } from './contract.js';
import { type LogProbabilities, encode } from './encode.js';

/** An opened CTC model: samples in, log-probabilities out. One instance belongs to one thread. */
export interface CtcEncoder {
  readonly vocabulary: Vocabulary;
  readonly samplesPerFrame: number;
  readonly runMs: number;
  /** At most what the model hears at once; without frames where the audio is too short for one. */
  computeLogProbabilities(samples: Float32Array): Promise<LogProbabilities>;
  close(): Promise<void>;
}

/** Opens a NeMo CTC export. @throws AsrError `MODEL_…` */
export async function openCtcEncoder(model: ModelDescription): Promise<CtcEncoder> {
  const vocabulary = parseVocabulary(await readModelText(requireFile(model, 'vocabulary')));
  const session = await openOnnxSession(model.files.encoder);
  const features = session.inputShape(MODEL_INPUTS.features);
  const frontEnd = await openFrontEnd(
    model,
    requireDimension(features, 1, 'The model input (mel bins)'),
  );
  const outputName = readCtcOutputName(session, vocabulary);
  const { subsamplingFactor } = model;

  return {
    vocabulary,
    samplesPerFrame: HOP_SAMPLES * subsamplingFactor,
    get runMs() {
      return frontEnd.runMs + session.runMs;
    },
    async computeLogProbabilities(samples) {
      const features = await frontEnd.computeFeatures(samples);
      if (features.validFrames === 0) {
        return {
          data: new Float32Array(0),
          numFrames: 0,
          numClasses: vocabulary.pieces.length,
        };
      }
      return encode(session, features, { outputName, subsamplingFactor });
    },
    async close() {
      await frontEnd.close();
      await session.close();
    },
  };
}
