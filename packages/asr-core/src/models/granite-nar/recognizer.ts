import {
  type ModelDescription,
  type RecognizedSegment,
  type Recognizer,
} from '../../recognizer.js';
import { readGraphBytes } from '../../runtime/graph-bytes.js';
import { readMachineLimits } from '../../runtime/lane-plan.js';
import { checkLanguage } from '../check-language.js';
import { describeCapabilities } from '../describe-capabilities.js';
import { openGraniteModel } from './open-model.js';
import { recognizeSegment } from './recognize-segment.js';
import { computeMaxSegmentSeconds } from './segment-limit.js';

/** Opens Granite Speech NAR in its three-graph export. @throws AsrError */
export async function openGraniteNar(model: ModelDescription): Promise<Recognizer> {
  const opened = await openGraniteModel(model);
  const { encoder, embedTokens, editor } = opened.graphs;
  const capabilities = {
    ...describeCapabilities(model),
    maxSegmentSeconds: computeMaxSegmentSeconds({
      tierSeconds: model.maxSegmentSeconds,
      vocabularySize: opened.tokenizer.vocabularySize,
      modelBytes: await readGraphBytes([encoder.path, embedTokens.path, editor.path]),
      machine: await readMachineLimits(),
    }),
  };
  let totalMs = 0;

  return {
    capabilities,
    batchSize: 1,
    get timings() {
      return { runMs: encoder.runMs + embedTokens.runMs + editor.runMs, totalMs };
    },
    async recognize(segments, { language, isCancelled = () => false } = {}) {
      checkLanguage(capabilities, language);
      const started = performance.now();
      const results: RecognizedSegment[] = [];
      for (const { samples } of segments) {
        results.push(await recognizeSegment(opened, { samples, isCancelled }));
      }
      totalMs += performance.now() - started;
      return results;
    },
    async close() {
      for (const session of [encoder, embedTokens, editor]) await session.close();
    },
  };
}
