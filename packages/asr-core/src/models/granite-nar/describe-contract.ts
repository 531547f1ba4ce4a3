import { type FamilyContract, floats, integers } from '../graph-contract.js';
import {
  EDITOR_INPUTS,
  EDITOR_OUTPUT,
  EMBED_INPUT,
  EMBED_OUTPUT,
  ENCODER_INPUTS,
  ENCODER_OUTPUTS,
} from './contract.js';

const embeddings = ['*', '*', 'hidden size'];

export const describeGraniteContract: FamilyContract = {
  graphs: ['encoder', 'embedTokens', 'editor'],
  describe: () => [
    {
      file: 'encoder',
      inputs: [
        floats(ENCODER_INPUTS.features, ['*', '*', 'features']),
        integers(ENCODER_INPUTS.mask, ['*', '*']),
      ],
      outputs: [
        floats(ENCODER_OUTPUTS.draftLogits, ['*', '*', 'draft classes']),
        // Declared as floats by the real export, which gives booleans.
        { name: ENCODER_OUTPUTS.draftMask, types: ['bool', 'float32'], shape: ['*', '*'] },
        floats(ENCODER_OUTPUTS.audioEmbeds, embeddings),
        integers(ENCODER_OUTPUTS.audioLengths, ['*']),
      ],
    },
    {
      file: 'embedTokens',
      inputs: [integers(EMBED_INPUT, ['*', '*'])],
      outputs: [floats(EMBED_OUTPUT, embeddings)],
    },
    {
      file: 'editor',
      inputs: [
        floats(EDITOR_INPUTS.embeds, embeddings),
        integers(EDITOR_INPUTS.positions, ['*', '*']),
        floats(EDITOR_INPUTS.mask, ['*', '*', '*', '*']),
      ],
      outputs: [floats(EDITOR_OUTPUT, ['*', '*', 'vocabulary'])],
    },
  ],
};
