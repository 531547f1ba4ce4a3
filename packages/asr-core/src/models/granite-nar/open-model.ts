import { AsrError } from '../../errors.js';
import {
  type GraniteFeatureExtractor,
  createGraniteFeatureExtractor,
} from '../../features/granite-features.js';
import { type ModelDescription } from '../../recognizer.js';
import { openOnnxSession, readModelText } from '../../runtime/onnx-session.js';
import { parseSwitches } from '../parse-switches.js';
import { requireFile } from '../require-file.js';
import { type GraniteGraphs, parseEmbeddingDivisor, readNumMels } from './contract.js';
import { type GraniteSwitches, graniteSwitches } from './switches.js';
import { type GraniteTokenizer, parseTokenizer } from './tokenizer.js';

/** Opened files of one model and tier, and what they are to be used with. */
export type GraniteModel = {
  graphs: GraniteGraphs;
  tokenizer: GraniteTokenizer;
  extractor: GraniteFeatureExtractor;
  switches: GraniteSwitches;
  /** What the audio's embeddings are divided by. */
  divisor: number;
};

/** @throws AsrError `MODEL_…` */
export async function openGraniteModel(model: ModelDescription): Promise<GraniteModel> {
  const { id, files, frontEnd } = model;
  const switches = parseSwitches(model, graniteSwitches);
  const tokenizer = parseTokenizer(
    await readModelText(requireFile(model, 'tokenizer')),
    await readModelText(requireFile(model, 'tokenizerConfig')),
  );
  const config = files.config === undefined ? undefined : await readModelText(files.config);
  const divisor = parseEmbeddingDivisor(config, switches.divideEmbeddings);
  const graphs = {
    encoder: await openOnnxSession(requireFile(model, 'encoder')),
    embedTokens: await openOnnxSession(requireFile(model, 'embedTokens')),
    editor: await openOnnxSession(requireFile(model, 'editor')),
  };
  const numMels = readNumMels(graphs);
  if (frontEnd.kind !== 'granite-log-mel' || frontEnd.numMels !== numMels) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The manifest of ${id} must ask for the front end granite-log-mel with the ${numMels} mel bins that its encoder takes.`,
    );
  }
  return {
    graphs,
    tokenizer,
    extractor: await createGraniteFeatureExtractor(numMels),
    switches,
    divisor,
  };
}
