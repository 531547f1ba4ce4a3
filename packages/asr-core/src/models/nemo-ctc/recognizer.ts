import { computeWords } from '../../align/words.js';
import { cancelled } from '../../errors.js';
import { openFrontEnd } from '../../features/front-end.js';
import { HOP_SAMPLES } from '../../features/nemo-features.js';
import {
  type ModelDescription,
  type Recognizer,
  type RecognizedSegment,
} from '../../recognizer.js';
import { openOnnxSession, readModelText } from '../../runtime/onnx-session.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { parseVocabulary } from '../../tokens/vocabulary.js';
import { checkLanguage } from '../check-language.js';
import { describeCapabilities } from '../describe-capabilities.js';
import { requireFile } from '../require-file.js';
import { toPieces } from '../to-pieces.js';
import { MODEL_INPUTS, readCtcOutputName } from './contract.js';
import { decodeTokens } from './decode-tokens.js';
import { encode } from './encode.js';

/** Opens a NeMo CTC export. @throws AsrError */
export async function openNemoCtc(model: ModelDescription): Promise<Recognizer> {
  const vocabulary = parseVocabulary(await readModelText(requireFile(model, 'vocabulary')));
  const session = await openOnnxSession(model.files.encoder);
  const features = session.inputShape(MODEL_INPUTS.features);
  const frontEnd = await openFrontEnd(
    model,
    requireDimension(features, 1, 'The model input (mel bins)'),
  );
  const outputName = readCtcOutputName(session, vocabulary);
  const capabilities = describeCapabilities(model);
  const { subsamplingFactor } = model;
  const samplesPerFrame = HOP_SAMPLES * subsamplingFactor;
  let totalMs = 0;

  return {
    capabilities,
    batchSize: 1,
    get timings() {
      return { runMs: frontEnd.runMs + session.runMs, totalMs };
    },
    async recognize(segments, { language, isCancelled = () => false } = {}) {
      checkLanguage(capabilities, language);
      const started = performance.now();
      const results: RecognizedSegment[] = [];
      for (const { samples } of segments) {
        if (isCancelled()) throw cancelled();
        const features = await frontEnd.computeFeatures(samples);
        const tokens =
          features.validFrames > 0
            ? decodeTokens(
                await encode(session, features, { outputName, subsamplingFactor }),
                vocabulary.blankId,
              )
            : [];
        const words = computeWords(toPieces(tokens, vocabulary), {
          samplesPerFrame,
          lengthSamples: samples.length,
        });
        results.push({ words, remarks: [] });
      }
      totalMs += performance.now() - started;
      return results;
    },
    async close() {
      await frontEnd.close();
      await session.close();
    },
  };
}
