import { z } from 'zod';
import { computeWords } from '../../align/words.js';
import { cancelled } from '../../errors.js';
import {
  type ModelDescription,
  type Recognizer,
  type RecognizedSegment,
} from '../../recognizer.js';
import { checkLanguage } from '../check-language.js';
import { describeCapabilities } from '../describe-capabilities.js';
import { parseSwitches } from '../parse-switches.js';
import { toPieces } from '../to-pieces.js';
import { decodeTokens } from './decode-tokens.js';
import { openCtcEncoder } from './encoder.js';

/** Opens a NeMo CTC export. @throws AsrError */
export async function openNemoCtc(model: ModelDescription): Promise<Recognizer> {
  parseSwitches(model, z.strictObject({}));
  const encoder = await openCtcEncoder(model);
  const { vocabulary, samplesPerFrame } = encoder;
  const capabilities = describeCapabilities(model);
  let totalMs = 0;

  return {
    capabilities,
    batchSize: 1,
    get timings() {
      return { runMs: encoder.runMs, totalMs };
    },
    async recognize(segments, { language, isCancelled = () => false } = {}) {
      checkLanguage(capabilities, language);
      const started = performance.now();
      const results: RecognizedSegment[] = [];
      for (const { samples } of segments) {
        if (isCancelled()) throw cancelled();
        const logProbabilities = await encoder.computeLogProbabilities(samples);
        const tokens = decodeTokens(logProbabilities, vocabulary.blankId);
        const words = computeWords(toPieces(tokens, vocabulary), {
          samplesPerFrame,
          lengthSamples: samples.length,
        });
        results.push({ words, remarks: [] });
      }
      totalMs += performance.now() - started;
      return results;
    },
    close: () => encoder.close(),
  };
}
