// Steps of the model families, one by one: what the parity tests compare with golden results. Not for applications.

export {
  createGraniteFeatureExtractor,
  type GraniteFeatureExtractor,
  type GraniteFeatures,
} from './features/granite-features.js';
export { createNemoFeatureExtractor } from './features/nemo-features.js';
export {
  decodeTokens as decodeCohereTokens,
  type DecodedTokens as CohereTokens,
} from './models/cohere/decode-tokens.js';
export {
  createCohereGraphs,
  type CohereGraphs,
  type CohereSessions,
} from './models/cohere/graphs.js';
export { toRows } from './models/cohere/mel-graphs.js';
export { createPromptBuilder } from './models/cohere/prompt.js';
export {
  collapseDraft,
  collapseEdited,
  insertSlots,
  toEditorInput,
} from './models/granite-nar/decode-tokens.js';
export { decodeFeatures, type GraniteDecoding } from './models/granite-nar/decode-features.js';
export { edit } from './models/granite-nar/edit.js';
export { encode } from './models/granite-nar/encode.js';
export { openGraniteModel, type GraniteModel } from './models/granite-nar/open-model.js';
export { openOnnxSession, type OnnxSession } from './runtime/onnx-session.js';
export { parsePieceTable, parseTokenizerPieces, type PieceTable } from './tokens/piece-table.js';
export { joinSpellings, spellTokens } from './tokens/spell-tokens.js';
export {
  openCtcAligner,
  type Aligner,
  type AlignOptions,
  type AlignRequest,
} from './models/nemo-ctc/aligner.js';
