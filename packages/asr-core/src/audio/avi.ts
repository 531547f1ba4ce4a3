// An AVI says in its header how long its sound is, but only once it is finished: whoever writes a
// stream, or breaks off, leaves a guess there.

export const AVI_HEAD_BYTES = 8;

/** Whether the program that wrote an AVI came back to fill in the lengths; `head` is its start. */
export function isFinishedAvi(head: Uint8Array): boolean {
  if (head.byteLength < AVI_HEAD_BYTES) return false;
  const riffBytes = new DataView(head.buffer, head.byteOffset).getUint32(4, true);
  return riffBytes !== 0 && riffBytes !== 0xffff_ffff;
}
