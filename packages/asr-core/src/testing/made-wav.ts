// WAV files, byte by byte.

export type Chunk = [tag: string, size: number, content: number[]];

export const u16 = (n: number): number[] => [n & 255, (n >> 8) & 255];
export const u32 = (n: number): number[] => [...u16(n & 0xffff), ...u16(n >>> 16)];
export const text = (s: string): number[] => Array.from(s, (c) => c.charCodeAt(0));

/** The chunks as they are given: their sizes are not checked, and nothing is padded. */
export function makeWav(chunks: readonly Chunk[], magic = 'RIFF'): Uint8Array {
  const body = chunks.flatMap(([tag, size, content]) => [...text(tag), ...u32(size), ...content]);
  return Uint8Array.from([...text(magic), ...u32(0), ...text('WAVE'), ...body]);
}
