// Ogg promises no length, but each of its pages says how long it is: a file cut inside one shows
// it.

/** The longest page there is (27 + 255 + 255 × 255 bytes), and the header of another. */
export const OGG_TAIL_BYTES = 128 * 1024;

const HEADER_BYTES = 27;

/** Whether the last page in `tail`, the last bytes of an Ogg file, is incomplete. */
export function endsInsideOggPage(tail: Uint8Array): boolean {
  for (let at = tail.byteLength - 4; at >= 0; at--) {
    const isPage =
      tail[at] === 0x4f && tail[at + 1] === 0x67 && tail[at + 2] === 0x67 && tail[at + 3] === 0x53;
    if (!isPage || (tail[at + 4] ?? 0) !== 0) continue;

    const numSegments = tail[at + HEADER_BYTES - 1];
    if (numSegments === undefined) return true;
    const bodyStart = at + HEADER_BYTES + numSegments;
    if (bodyStart > tail.byteLength) return true;
    const bodyBytes = tail.subarray(at + HEADER_BYTES, bodyStart).reduce((sum, n) => sum + n, 0);
    return bodyStart + bodyBytes > tail.byteLength;
  }
  return false;
}
