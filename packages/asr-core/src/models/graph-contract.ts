// What a family expects of its graphs, as data: `steno models check` compares every tensor with it.

import { type ModelFiles } from '../recognizer.js';
import { type GraphSignature, type TensorSignature } from '../runtime/graph-signature.js';

export type TensorContract = {
  name: string;
  /** Element types that the family can handle. */
  types: readonly ('float32' | 'float16' | 'int64' | 'int32' | 'bool')[];
  /** For each axis: its size, a name for a size that is the same wherever the name stands, or `*` for any. */
  shape: readonly (number | string)[];
};

export type GraphContract = {
  file: keyof ModelFiles;
  /** All that is fed: another input of the graph is an error. */
  inputs: readonly TensorContract[];
  /** All that is asked for: other outputs of the graph are left alone. */
  outputs: readonly TensorContract[];
};

export type FamilyContract = {
  /** The files that are graphs. */
  graphs: readonly (keyof ModelFiles)[];
  /** What these graphs must have; a family with several forms tells them apart by the graphs themselves. */
  describe: (graphs: Partial<Record<keyof ModelFiles, GraphSignature>>) => GraphContract[];
};

/** A tensor with 32-bit floats. */
export function floats(name: string, shape: TensorContract['shape']): TensorContract {
  return { name, types: ['float32'], shape };
}

/** A tensor with 64-bit integers. */
export function integers(name: string, shape: TensorContract['shape']): TensorContract {
  return { name, types: ['int64'], shape };
}

/**
 * In which points a graph is not what its contract says, one sentence each.
 * @param sizes sizes that have a name and were found in graphs before; those of this one are added
 */
export function compareGraph(
  contract: GraphContract,
  { signature, sizes }: { signature: GraphSignature; sizes: Map<string, number> },
): string[] {
  const fed = new Set(contract.inputs.map(({ name }) => name));
  const unknown = signature.inputs.filter(({ name }) => !fed.has(name));
  return [
    ...contract.inputs.flatMap((tensor) =>
      compareTensor(tensor, { found: signature.inputs, sizes }),
    ),
    ...unknown.map(({ name }) => `input ${name} is one that this family does not feed`),
    ...contract.outputs.flatMap((tensor) =>
      compareTensor(tensor, { found: signature.outputs, sizes }),
    ),
  ];
}

function compareTensor(
  { name, types, shape }: TensorContract,
  { found, sizes }: { found: readonly TensorSignature[]; sizes: Map<string, number> },
): string[] {
  const tensor = found.find((candidate) => candidate.name === name);
  if (!tensor) return [`${name} is missing`];
  const problems: string[] = [];
  if (!types.some((type) => type === tensor.type)) {
    problems.push(`${name} is ${tensor.type}, not ${types.join(' or ')}`);
  }
  // The runtime gives no axes for a tensor whose graph does not tell them, and for a single number.
  if (tensor.shape.length === 0 && shape.length > 0) return problems;
  if (tensor.shape.length !== shape.length) {
    return [
      ...problems,
      `${name} has ${tensor.shape.length} axes, not ${shape.length} ([${shape.join(', ')}])`,
    ];
  }
  shape.forEach((expected, axis) => {
    const actual = tensor.shape[axis];
    if (expected === '*' || typeof actual !== 'number' || actual < 0) return;
    const size = typeof expected === 'number' ? expected : sizes.get(expected);
    if (typeof expected === 'string' && size === undefined) sizes.set(expected, actual);
    else if (size !== actual) {
      const what = typeof expected === 'string' ? ` (${expected})` : '';
      problems.push(`${name} has ${actual} on axis ${axis}${what}, not ${size}`);
    }
  });
  return problems;
}
