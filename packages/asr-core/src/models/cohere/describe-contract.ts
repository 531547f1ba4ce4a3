import { type FamilyContract, type TensorContract, floats, integers } from '../graph-contract.js';
import { type GraphSignature } from '../../runtime/graph-signature.js';
import { MEL_DECODER, MEL_ENCODER, WAVEFORM_DECODER, WAVEFORM_ENCODER } from './contract.js';

export const describeCohereContract: FamilyContract = {
  graphs: ['encoder', 'decoder'],
  describe: ({ encoder, decoder }) =>
    encoder?.inputs.some(({ name }) => name === MEL_ENCODER.input)
      ? describeMelForm(decoder)
      : describeWaveformForm(),
};

function describeWaveformForm(): ReturnType<FamilyContract['describe']> {
  const { tokens, offset, logits, caches } = WAVEFORM_DECODER;
  const cross = WAVEFORM_ENCODER.outputs.map((name) =>
    floats(name, ['layers', '*', '*', 'cross width']),
  );
  const cache = (name: string) =>
    halfOrFull(name, ['layers', '*', 'heads', 'context', 'head width']);
  return [
    {
      file: 'encoder',
      inputs: [floats(WAVEFORM_ENCODER.input, ['*', '*'])],
      outputs: cross,
    },
    {
      file: 'decoder',
      inputs: [
        integers(tokens, ['*', '*']),
        ...Object.keys(caches).map(cache),
        ...cross,
        integers(offset, []),
      ],
      outputs: [halfOrFull(logits, ['*', '*', 'vocabulary']), ...Object.values(caches).map(cache)],
    },
  ];
}

function describeMelForm(
  decoder: GraphSignature | undefined,
): ReturnType<FamilyContract['describe']> {
  const { tokens, mask, positions, logitsToKeep, hiddenStates, logits, past, present } =
    MEL_DECODER;
  const cacheNames = (decoder?.inputs ?? [])
    .map(({ name }) => name)
    .filter((name) => name.startsWith(past));
  const cache = (name: string) => halfOrFull(name, ['*', 'heads', '*', 'head width']);
  return [
    {
      file: 'encoder',
      inputs: [floats(MEL_ENCODER.input, ['*', '*', 'mel bins'])],
      outputs: [floats(MEL_ENCODER.output, ['*', '*', 'encoder width'])],
    },
    {
      file: 'decoder',
      inputs: [
        integers(tokens, ['*', '*']),
        integers(mask, ['*', '*']),
        integers(positions, ['*', '*']),
        integers(logitsToKeep, []),
        floats(hiddenStates, ['*', '*', 'encoder width']),
        ...cacheNames.map(cache),
      ],
      outputs: [
        halfOrFull(logits, ['*', '*', 'vocabulary']),
        ...cacheNames.map((name) => cache(name.replace(past, present))),
      ],
    },
  ];
}

/** Caches and logits of some tiers are of half precision. */
function halfOrFull(name: string, shape: TensorContract['shape']): TensorContract {
  return { name, types: ['float32', 'float16'], shape };
}
