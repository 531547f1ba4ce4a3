// Tensors in and out of onnxruntime-node 1.30, which knows half floats as Uint16Array only. Where JavaScript has a
// Float16Array (node 24), a Tensor turns its data into one, and every run with it fails ("not enough space").

import { Tensor } from 'onnxruntime-node';

/** Whole numbers; without `dims` a scalar of rank 0, which to a graph is not the same as one of shape [1]. */
export function createIntegers(values: readonly number[], dims: readonly number[] = []): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}

/** Zeros, of half floats or floats. */
export function createZeros(type: Tensor.Type, dims: readonly number[]): Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return type === 'float16'
    ? toFeed(new Tensor(type, new Uint16Array(size), dims))
    : new Tensor('float32', new Float32Array(size), dims);
}

/** The same tensor, fit to be fed on every version of node; nothing is copied. */
export function toFeed(tensor: Tensor): Tensor {
  if (tensor.type !== 'float16' || tensor.data instanceof Uint16Array) return tensor;
  // The binding reads `data`: an own property hides the class's.
  return Object.defineProperty(tensor, 'data', { value: toBits(tensor.data) });
}

/** The last `length` values of a tensor of floats or half floats; of floats not a copy. */
export function readLast(tensor: Tensor, length: number): Float32Array {
  const { data } = tensor;
  const start = tensor.size - length;
  if (data instanceof Float32Array) return data.subarray(start);
  return Float32Array.from(toBits(data).subarray(start), fromBits);
}

function toBits(data: Tensor['data']): Uint16Array {
  const { buffer, byteOffset, byteLength } = data as unknown as Uint16Array;
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

function fromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
