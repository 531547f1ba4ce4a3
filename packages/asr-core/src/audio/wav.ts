// The one thing that ffprobe keeps to itself about a WAV file: how much sound its header promises.

/** As much of a file as `parseWavLength` needs to see. */
export const WAV_HEAD_BYTES = 256 * 1024;

/** Recorders that cannot seek back write zero, or a size from here up, instead of the true one. */
const SMALLEST_OPEN_BYTES = 0x7fff0000;

/** `open`: written as a stream, to be read to its end. `seconds` is true for PCM only. */
export type WavLength = { kind: 'open' } | { kind: 'promised'; seconds: number };

/** Undefined when `head` is no RIFF or RF64 file, or when its `data` begins after `head`. */
export function parseWavLength(head: Uint8Array): WavLength | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const tag = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (head.byteLength < 12 || !/^(RIFF|RF64)$/.test(tag(0)) || tag(8) !== 'WAVE') return undefined;

  let bytesPerSecond = 0;
  let longDataBytes: number | undefined;
  for (let at = 12; at + 8 <= head.byteLength;) {
    const size = view.getUint32(at + 4, true);
    const holds = (bytes: number): boolean => at + 8 + bytes <= head.byteLength;
    if (tag(at) === 'ds64' && holds(16)) longDataBytes = Number(view.getBigUint64(at + 16, true));
    if (tag(at) === 'fmt ' && holds(14)) {
      bytesPerSecond = view.getUint32(at + 12, true) * view.getUint16(at + 20, true);
    }
    if (tag(at) === 'data') {
      const dataBytes = longDataBytes ?? (size < SMALLEST_OPEN_BYTES ? size : 0);
      if (dataBytes === 0 || bytesPerSecond === 0) return { kind: 'open' };
      return { kind: 'promised', seconds: dataBytes / bytesPerSecond };
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}
