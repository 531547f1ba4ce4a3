// The chunks of a WAV file, and the one thing that ffprobe keeps to itself about them: how much sound
// they promise.

/** As much of a file as `parseWavLength` needs to see. */
export const WAV_HEAD_BYTES = 256 * 1024;

/** Recorders that cannot seek back write zero, or a size from here up, instead of the true one. */
const SMALLEST_OPEN_BYTES = 0x7fff0000;

/** `open`: written as a stream, to be read to its end. `seconds` is true for PCM only. */
export type WavLength = { kind: 'open' } | { kind: 'promised'; seconds: number };

/** `start` is where its content begins; that may lie, or end, after what was read. */
export type WavChunk = { tag: string; start: number; size: number };

/** Undefined when `head` is no RIFF or RF64 file, or when its `data` begins after `head`. */
export function parseWavLength(head: Uint8Array): WavLength | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let bytesPerSecond = 0;
  let longDataBytes: number | undefined;
  for (const { tag, start, size } of listWavChunks(head)) {
    const holds = (bytes: number): boolean => start + bytes <= head.byteLength;
    if (tag === 'ds64' && holds(16)) longDataBytes = Number(view.getBigUint64(start + 8, true));
    if (tag === 'fmt ' && holds(14)) {
      bytesPerSecond = view.getUint32(start + 4, true) * view.getUint16(start + 12, true);
    }
    if (tag === 'data') {
      const dataBytes = longDataBytes ?? (size < SMALLEST_OPEN_BYTES ? size : 0);
      if (dataBytes === 0 || bytesPerSecond === 0) return { kind: 'open' };
      return { kind: 'promised', seconds: dataBytes / bytesPerSecond };
    }
  }
  return undefined;
}

/** Those whose first eight bytes lie in `head`; none when it is no RIFF or RF64 file. */
export function* listWavChunks(head: Uint8Array): Generator<WavChunk> {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (!/^(RIFF|RF64)$/.test(text(0)) || text(8) !== 'WAVE') return;
  for (let at = 12; at + 8 <= head.byteLength;) {
    const size = view.getUint32(at + 4, true);
    yield { tag: text(at), start: at + 8, size };
    at += 8 + size + (size % 2);
  }
}
