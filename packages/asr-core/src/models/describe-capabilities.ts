import { type ModelDescription, type RecognizerCapabilities } from '../recognizer.js';

/** Capabilities of a NeMo model: what its manifest says; times always come from the model. */
export function describeCapabilities(model: ModelDescription): RecognizerCapabilities {
  return {
    languages: model.languages,
    languageRequired: model.languageRequired,
    punctuation: model.punctuation,
    nativeTimes: true,
    maxSegmentSeconds: model.maxSegmentSeconds,
  };
}
