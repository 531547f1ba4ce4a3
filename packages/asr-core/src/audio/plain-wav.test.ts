import { describe, expect, it } from 'vitest';
import { makeWav, u16, u32, type Chunk } from '../testing/made-wav.js';
import { parsePlainWav, startReadWav, type PlainWav } from './plain-wav.js';

type FormatOptions = { tag?: number; channels?: number; rateHz?: number; bits?: number };

function format(
  { tag = 1, channels = 1, rateHz = 16_000, bits = 16 }: FormatOptions = {},
  extension: number[] = [],
): Chunk {
  const frame = (channels * bits) / 8;
  const rates = [...u32(rateHz), ...u32(rateHz * frame), ...u16(frame)];
  const content = [...u16(tag), ...u16(channels), ...rates, ...u16(bits), ...extension];
  return ['fmt ', content.length, content];
}

function extension(bits: number, mask: number, tag: number): number[] {
  const guidTail = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
  return [...u16(22), ...u16(bits), ...u32(mask), ...u16(tag), ...guidTail];
}

const data: Chunk = ['data', 8, [1, 0, 2, 0, 0xff, 0xff, 0, 0x80]];

const parse = (chunks: Chunk[], magic?: string): PlainWav | undefined => {
  const file = makeWav(chunks, magic);
  return parsePlainWav(file, file.byteLength);
};

describe('parsePlainWav', () => {
  it('recognizes what most programs write', () => {
    expect(parse([format(), data])).toMatchObject({ dataStart: 44, dataEnd: 52, channels: 1 });
    expect(parse([format({ channels: 2 }, u16(0)), data])).toMatchObject({ channels: 2 });
    expect(parse([format({ tag: 3, bits: 32 }), data])?.encoding.codec).toBe('pcm_f32le');
    const extensible = format({ tag: 0xfffe, bits: 32 }, extension(32, 4, 1));
    expect(parse([extensible, data])).toMatchObject({ channelLayout: 'mono' });
    const unplaced = format({ tag: 0xfffe, bits: 32 }, extension(32, 0, 1));
    expect(parse([unplaced, data])).toMatchObject({ channelLayout: undefined });
  });

  it('finds the samples behind other chunks and their padding', () => {
    const list: Chunk = ['LIST', 5, [1, 2, 3, 4, 5, 0]];
    const filler: Chunk = ['FLLR', 4, [0, 0, 0, 0]];
    expect(parse([list, format(), filler, data])).toMatchObject({ dataStart: 70, dataEnd: 78 });
  });

  it('takes an odd number of bytes, padded or not', () => {
    const odd = (content: number[]): Chunk[] => [format({ bits: 8 }), ['data', 3, content]];
    expect(parse(odd([1, 2, 3]))).toMatchObject({ dataEnd: 47 });
    expect(parse(odd([1, 2, 3, 0]))).toMatchObject({ dataEnd: 47 });
  });

  it.each<[string, Chunk[], string?]>([
    ['another rate', [format({ rateHz: 44_100 }), data]],
    ['more channels', [format({ channels: 4 }), data]],
    ['another codec', [format({ tag: 7, bits: 8 }), data]],
    ['an odd width', [format({ bits: 20 }), data]],
    ['64 bits', [format({ tag: 3, bits: 64 }), data]],
    ['no format', [data]],
    ['two formats', [format(), format(), data]],
    ['an unknown format before a plain one', [format({ tag: 7 }), format(), data]],
    ['a chunk that it does not know', [format(), ['SMV0', 4, [0, 0, 0, 0]], data]],
    ['a chunk without content', [format(), ['LIST', 0, []], data]],
    ['something after the samples', [format(), data, ['LIST', 4, [0, 0, 0, 0]]]],
    ['fewer bytes than promised', [format(), ['data', 10, data[2]]]],
    ['an incomplete sample', [format(), ['data', 7, [...data[2].slice(0, 7), 0]]]],
    ['no sample', [format(), ['data', 0, []]]],
    ['an open length', [format(), ['data', 0xffff_ffff, data[2]]]],
    ['a long length', [format(), data], 'RF64'],
    ['a frame of another size', [['fmt ', 16, [...format()[2].slice(0, 12), 4, 0, 16, 0]], data]],
    ['fewer bits than bytes', [format({ tag: 0xfffe }, extension(12, 4, 1)), data]],
    ['other loudspeakers', [format({ tag: 0xfffe }, extension(16, 1, 1)), data]],
    ['another GUID', [format({ tag: 0xfffe }, extension(16, 4, 1).fill(9, 12)), data]],
    ['an extension of a plain tag', [format({}, extension(16, 4, 1)), data]],
  ])('leaves %s to ffmpeg', (_, chunks, magic) => {
    expect(parse(chunks, magic)).toBeUndefined();
  });

  it('leaves a cut header to ffmpeg', () => {
    const file = makeWav([format(), data]);
    for (let length = 0; length < 44; length++) {
      expect(parsePlainWav(file.subarray(0, length), length)).toBeUndefined();
    }
  });
});

describe('startReadWav', () => {
  const file = makeWav([format(), data]);
  const wav = parsePlainWav(file, file.byteLength)!;

  /** The file as it is when it is read, `bytes` long. */
  const start = (bytes: number, options: { signal?: AbortSignal } = {}) =>
    startReadWav(
      {
        readFilePiece: (_, from, maxBytes) =>
          Promise.resolve(file.subarray(0, bytes).subarray(from, from + maxBytes)),
      },
      { path: 'a.wav', wav, channels: 'mix' },
      { patienceMs: 60_000, ...options },
    );
  const read = async (output: AsyncIterable<Uint8Array>): Promise<number[]> => {
    const samples: number[] = [];
    for await (const { buffer } of output) samples.push(...new Float32Array(buffer as ArrayBuffer));
    return samples;
  };

  it('reads the samples and ends well', async () => {
    const running = start(file.byteLength);
    expect(await read(running.output)).toEqual([2 ** -15, 2 ** -14, -(2 ** -15), -1]);
    expect(await running.end).toEqual({ kind: 'exited', exitCode: 0 });
  });

  it('ends badly when the file has become shorter', async () => {
    const running = start(47);
    expect(await read(running.output)).toEqual([2 ** -15]);
    expect(await running.end).toEqual({ kind: 'exited', exitCode: 1 });
  });

  it('gives nothing once it is cancelled or closed', async () => {
    const running = start(file.byteLength, { signal: AbortSignal.abort() });
    expect(await read(running.output)).toEqual([]);
    expect(await running.end).toEqual({ kind: 'cancelled' });

    const closed = start(file.byteLength);
    await closed.close();
    expect(await read(closed.output)).toEqual([]);
    expect(await closed.end).toEqual({ kind: 'cancelled' });
  });
});
