import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createIntegers, createZeros, readLast, toFeed } from './tensors.js';

describe('tensors', () => {
  it('of half floats are read as numbers', () => {
    const bits = [0x3c00, 0xc000, 0x0000, 0x0001, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x7e00];
    const tensor = new Tensor('float16', Uint16Array.from(bits), [1, bits.length]);
    expect([...readLast(tensor, bits.length)]).toEqual([
      ...[1, -2, 0, 2 ** -24, Math.fround(0.333251953125), 65_504, Infinity, -Infinity, NaN],
    ]);
  });

  it('of floats are read without a copy, the last row alone', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    const row = readLast(new Tensor('float32', data, [2, 2]), 2);
    expect([...row]).toEqual([3, 4]);
    expect(row.buffer).toBe(data.buffer);
  });

  it('of half floats are fed as the runtime takes them, without a copy', () => {
    const bits = Uint16Array.of(1, 2);
    const { data } = toFeed(new Tensor('float16', bits, [2]));
    expect(data).toBeInstanceOf(Uint16Array);
    expect((data as unknown as Uint16Array).buffer).toBe(bits.buffer);
  });

  it('of zeros may be empty', () => {
    expect(createZeros('float16', [1, 8, 0, 128]).size).toBe(0);
    expect(createZeros('float32', [2, 3]).dims).toEqual([2, 3]);
  });

  it('of one whole number are scalars where no shape is given', () => {
    expect(createIntegers([5]).dims).toEqual([]);
    expect(createIntegers([5], [1, 1]).dims).toEqual([1, 1]);
  });
});
