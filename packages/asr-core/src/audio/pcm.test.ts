import { assert, integer, array, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcmBlocks } from './pcm.js';

/** `channels` interleaved channels; sample i of channel c is i + c / 100. */
function interleaved(samples: number, channels: number): Float32Array {
  return Float32Array.from({ length: samples * channels }, (_, k) => {
    return Math.floor(k / channels) + (k % channels) / 100;
  });
}

describe('PcmBlocks', () => {
  it('gives the same blocks however the bytes arrive', () => {
    assert(
      property(
        integer({ min: 1, max: 3 }),
        integer({ min: 1, max: 40 }),
        integer({ min: 0, max: 100 }),
        array(integer({ min: 1, max: 50 }), { minLength: 1 }),
        (channels, blockSamples, samples, pieceBytes) => {
          const source = interleaved(samples, channels);
          const bytes = new Uint8Array(source.buffer);
          const pcm = new PcmBlocks(channels, blockSamples);
          const blocks: Float32Array[][] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = pieceBytes[i % pieceBytes.length]!;
            blocks.push(...pcm.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(pcm.samples).toBe(samples);
          const last = pcm.flush();
          if (last !== undefined) blocks.push(last);
          expect(pcm.samples).toBe(samples);

          for (let c = 0; c < channels; c++) {
            const received = blocks.flatMap((block) => Array.from(block[c]!));
            expect(received).toEqual(Array.from(source.filter((_, k) => k % channels === c)));
          }
          expect(blocks.slice(0, -1).every((block) => block[0]!.length === blockSamples)).toBe(
            true,
          );
        },
      ),
    );
  });

  it('takes silence of any length', () => {
    const pcm = new PcmBlocks(2, 4);
    const blocks = [...pcm.pushSilence(10)];
    expect(blocks.map((block) => block[0]!.length)).toEqual([4, 4]);
    blocks.push(...pcm.push(new Uint8Array(Float32Array.of(1, 2).buffer)), pcm.flush()!);
    expect(blocks.at(-1)).toEqual([Float32Array.of(0, 0, 1), Float32Array.of(0, 0, 2)]);
    expect([...pcm.pushSilence(0)]).toEqual([]);
  });

  it('drops an incomplete last sample', () => {
    const pcm = new PcmBlocks(2, 4);
    expect([...pcm.push(new Uint8Array(8 + 5))]).toEqual([]);
    expect(pcm.flush()).toEqual([new Float32Array(1), new Float32Array(1)]);
    expect(pcm.flush()).toBeUndefined();
  });

  it('hands each block over for good', () => {
    const pcm = new PcmBlocks(1, 2);
    const [first, second] = [...pcm.push(new Uint8Array(interleaved(4, 1).buffer))];
    expect(first).toEqual([Float32Array.of(0, 1)]);
    expect(second).toEqual([Float32Array.of(2, 3)]);
    expect(first![0]!.buffer).not.toBe(second![0]!.buffer);
  });
});
