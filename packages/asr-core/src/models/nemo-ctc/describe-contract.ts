import { type FamilyContract, floats, integers } from '../graph-contract.js';
import { MODEL_INPUTS } from './contract.js';

export const describeCtcContract: FamilyContract = {
  graphs: ['encoder'],
  describe: ({ encoder }) => {
    const names = encoder?.outputs.map(({ name }) => name) ?? [];
    const [only = 'logprobs', ...others] = names;
    const output = others.length > 0 ? 'logprobs' : only;
    return [
      {
        file: 'encoder',
        inputs: [
          floats(MODEL_INPUTS.features, ['*', 'mel bins', '*']),
          integers(MODEL_INPUTS.length, ['*']),
        ],
        outputs: [floats(output, ['*', '*', 'classes'])],
      },
    ];
  },
};
