import { z } from 'zod';
import { computeWords } from '../../align/words.js';
import { cancelled } from '../../errors.js';
import { openFrontEnd } from '../../features/front-end.js';
import { HOP_SAMPLES } from '../../features/nemo-features.js';
import { type ModelDescription, type Recognizer } from '../../recognizer.js';
import { openOnnxSession, readModelText } from '../../runtime/onnx-session.js';
import { parseVocabulary } from '../../tokens/vocabulary.js';
import { checkLanguage } from '../check-language.js';
import { describeCapabilities } from '../describe-capabilities.js';
import { requireFile } from '../require-file.js';
import { parseSwitches } from '../parse-switches.js';
import { toPieces } from '../to-pieces.js';
import { parseMaxTokensPerFrame, readTdtShape } from './contract.js';
import { type TdtSearch, decodeTokens } from './decode-tokens.js';
import { type Encoding, encode } from './encode.js';
import { supportsLockStep } from './lock-step-check.js';

/** Segments whose joint calls are worth sharing; more gains little and makes a lane's task long. */
const LOCK_STEP_ROWS = 8;

/** Opens a token-and-duration transducer in Parakeet's two-graph layout. @throws AsrError */
export async function openNemoTdt(model: ModelDescription): Promise<Recognizer> {
  parseSwitches(model, z.strictObject({}));
  const { config: configPath } = model.files;
  const vocabulary = parseVocabulary(await readModelText(requireFile(model, 'vocabulary')));
  const config = configPath === undefined ? undefined : await readModelText(configPath);
  const encoder = await openOnnxSession(requireFile(model, 'encoder'));
  const decoderJoint = await openOnnxSession(requireFile(model, 'decoderJoint'));
  const shape = readTdtShape(encoder, decoderJoint, vocabulary);
  const frontEnd = await openFrontEnd(model, shape.numMels);
  const search: TdtSearch = {
    decoderJoint,
    shape,
    blankId: vocabulary.blankId,
    maxTokensPerFrame: parseMaxTokensPerFrame(config),
  };
  const rowsTogether = (await supportsLockStep(search)) ? LOCK_STEP_ROWS : 1;
  const capabilities = describeCapabilities(model);
  const samplesPerFrame = HOP_SAMPLES * model.subsamplingFactor;
  let totalMs = 0;

  return {
    capabilities,
    batchSize: rowsTogether,
    get timings() {
      return { runMs: frontEnd.runMs + encoder.runMs + decoderJoint.runMs, totalMs };
    },
    async recognize(segments, { language, isCancelled = () => false } = {}) {
      checkLanguage(capabilities, language);
      const started = performance.now();
      const encodings: Encoding[] = [];
      for (const { samples } of segments) {
        if (isCancelled()) throw cancelled();
        const features = await frontEnd.computeFeatures(samples);
        encodings.push(
          features.validFrames > 0
            ? await encode(encoder, features, model)
            : { frames: new Float32Array(0), numFrames: 0, width: shape.encoderWidth },
        );
      }
      const tokens = [];
      for (let from = 0; from < encodings.length; from += rowsTogether) {
        const together = encodings.slice(from, from + rowsTogether);
        tokens.push(...(await decodeTokens(together, search, isCancelled)));
      }
      totalMs += performance.now() - started;
      return tokens.map((row, index) => ({
        words: computeWords(toPieces(row, vocabulary), {
          samplesPerFrame,
          lengthSamples: segments[index]!.samples.length,
        }),
        remarks: [],
      }));
    },
    async close() {
      await frontEnd.close();
      await encoder.close();
      await decoderJoint.close();
    },
  };
}
