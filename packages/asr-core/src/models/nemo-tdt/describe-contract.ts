import { type FamilyContract, floats, integers } from '../graph-contract.js';
import { DECODER_JOINT, ENCODER } from './contract.js';

const state = ['layers', '*', 'state width'];
const { inputs, outputs } = DECODER_JOINT;

export const describeTdtContract: FamilyContract = {
  graphs: ['encoder', 'decoderJoint'],
  describe: () => [
    {
      file: 'encoder',
      inputs: [
        floats(ENCODER.inputs.features, ['*', 'mel bins', '*']),
        integers(ENCODER.inputs.length, ['*']),
      ],
      outputs: [
        floats(ENCODER.outputs.frames, ['*', 'encoder width', '*']),
        integers(ENCODER.outputs.lengths, ['*']),
      ],
    },
    {
      file: 'decoderJoint',
      inputs: [
        floats(inputs.frame, ['*', 'encoder width', '*']),
        { name: inputs.targets, types: ['int32'], shape: ['*', '*'] },
        { name: inputs.targetLength, types: ['int32'], shape: ['*'] },
        floats(inputs.hidden, state),
        floats(inputs.cell, state),
      ],
      outputs: [
        floats(outputs.logits, ['*', '*', '*', 'tokens and durations']),
        floats(outputs.hidden, state),
        floats(outputs.cell, state),
      ],
    },
  ],
};
