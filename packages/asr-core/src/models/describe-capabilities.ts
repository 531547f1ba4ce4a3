import { type ModelDescription, type RecognizerCapabilities } from '../recognizer.js';

/** What the manifest says of a model whose times are its own. */
export function describeCapabilities(model: ModelDescription): RecognizerCapabilities {
  return {
    languages: model.languages,
    languageRequired: model.languageRequired,
    punctuation: model.punctuation,
    nativeTimes: true,
    maxSegmentSeconds: model.maxSegmentSeconds,
  };
}
