import { AsrError } from './errors.js';
import { openCohere } from './models/cohere/recognizer.js';
import { openGraniteNar } from './models/granite-nar/recognizer.js';
import { openNemoCtc } from './models/nemo-ctc/recognizer.js';
import { openNemoTdt } from './models/nemo-tdt/recognizer.js';
import { type ModelDescription, type ModelFamily, type Recognizer } from './recognizer.js';

/** The registry of model families: one line each. */
const families: Record<ModelFamily, (model: ModelDescription) => Promise<Recognizer>> = {
  'nemo-tdt': openNemoTdt,
  'nemo-ctc': openNemoCtc,
  cohere: openCohere,
  'granite-nar': openGraniteNar,
};

export function isModelFamily(family: string): family is ModelFamily {
  return Object.hasOwn(families, family);
}

/** Opens a model for the calling thread. @throws AsrError `MODEL_…` */
export async function loadRecognizer(model: ModelDescription): Promise<Recognizer> {
  if (!isModelFamily(model.family)) {
    throw new AsrError(
      'MODEL_FAMILY_UNKNOWN',
      `${model.id} is of the family "${model.family}"; known are ${Object.keys(families).join(', ')}.`,
    );
  }
  return families[model.family](model);
}
