import { describe, expect, it } from 'vitest';
import { type GraphSignature, type TensorSignature } from '../runtime/graph-signature.js';
import { compareGraph, floats, integers } from './graph-contract.js';
import { describeCtcContract } from './nemo-ctc/describe-contract.js';
import { describeTdtContract } from './nemo-tdt/describe-contract.js';

const contract = {
  file: 'decoder' as const,
  inputs: [floats('frames', ['*', 'width', 2]), integers('offset', [])],
  outputs: [floats('logits', ['*', 'width'])],
};

const tensor = (name: string, type: string, shape: (number | string)[]): TensorSignature => ({
  name,
  type,
  shape,
});

const sound: GraphSignature = {
  inputs: [tensor('frames', 'float32', ['B', 16, 2]), tensor('offset', 'int64', [])],
  outputs: [tensor('logits', 'float32', ['B', 16])],
};

const compare = (change: Partial<GraphSignature>, sizes = new Map<string, number>()) =>
  compareGraph(contract, { signature: { ...sound, ...change }, sizes });

describe('a graph against its contract', () => {
  it('is sound when names, types, axes and sizes are those expected', () => {
    expect(compare({})).toEqual([]);
  });

  it('may leave sizes open, and have more outputs than are asked for', () => {
    const frames = tensor('frames', 'float32', ['B', 'D', 'two']);
    const outputs = [...sound.outputs, tensor('extra', 'float16', [1])];
    expect(compare({ inputs: [frames, tensor('offset', 'int64', [])], outputs })).toEqual([]);
    expect(compare({ outputs: [tensor('logits', 'float32', [])] })).toEqual([]);
  });

  it.each<[string, Partial<GraphSignature>, string]>([
    ['a missing tensor', { outputs: [] }, 'logits is missing'],
    [
      'another type',
      { inputs: [tensor('frames', 'float16', ['B', 16, 2]), tensor('offset', 'int64', [])] },
      'frames is float16, not float32',
    ],
    [
      'a number that is an array of one',
      { inputs: [sound.inputs[0]!, tensor('offset', 'int64', [1])] },
      'offset has 1 axes, not 0 ([])',
    ],
    [
      'a fixed size that is another',
      { inputs: [tensor('frames', 'float32', ['B', 16, 3]), tensor('offset', 'int64', [])] },
      'frames has 3 on axis 2, not 2',
    ],
    [
      'two sizes under one name',
      { outputs: [tensor('logits', 'float32', ['B', 17])] },
      'logits has 17 on axis 1 (width), not 16',
    ],
    [
      'an input that nobody feeds',
      { inputs: [...sound.inputs, tensor('lengths', 'int64', ['B'])] },
      'input lengths is one that this family does not feed',
    ],
  ])('is reported with %s', (_, change, problem) => {
    expect(compare(change)).toEqual([problem]);
  });

  it('must fit the graphs that were compared before it', () => {
    expect(compare({}, new Map([['width', 1024]]))).toEqual([
      'frames has 16 on axis 1 (width), not 1024',
      'logits has 16 on axis 1 (width), not 1024',
    ]);
  });
});

describe('the contracts of NeMo', () => {
  it('want 32-bit targets, which the rest of a transducer does not have', () => {
    const [, decoderJoint] = describeTdtContract.describe({});
    const types = decoderJoint?.inputs.map((input) => [input.name, input.types]);
    expect(types).toContainEqual(['targets', ['int32']]);
    expect(types).toContainEqual(['target_length', ['int32']]);
  });

  it('take the only output of a CTC graph for its log-probabilities, whatever its name', () => {
    const outputsOf = (...names: string[]) =>
      describeCtcContract
        .describe({
          encoder: { inputs: [], outputs: names.map((name) => tensor(name, 'float32', [])) },
        })
        .flatMap(({ outputs }) => outputs.map(({ name }) => name));
    expect(outputsOf('output')).toEqual(['output']);
    expect(outputsOf('lengths', 'logprobs')).toEqual(['logprobs']);
  });
});
