/** The latest stretch of a stream of samples: grows at its end, forgets at its beginning. */
export interface AudioWindow {
  /** Position behind the last sample. */
  readonly endSamples: number;
  /** Keeps the block as it is; it must not change afterwards. */
  push(block: Float32Array): void;
  /** A copy of `[startSamples, endSamples)`, which must lie inside the window. */
  slice(startSamples: number, endSamples: number): Float32Array;
  /** Forgets whole blocks that end at or before `samples`. */
  dropBefore(samples: number): void;
}

export function createAudioWindow(): AudioWindow {
  const blocks: Float32Array[] = [];
  let start = 0;
  let end = 0;

  return {
    get endSamples() {
      return end;
    },
    push(block) {
      blocks.push(block);
      end += block.length;
    },
    slice(from, until) {
      const out = new Float32Array(until - from);
      let blockStart = start;
      for (const block of blocks) {
        const first = Math.max(from, blockStart);
        const last = Math.min(until, blockStart + block.length);
        if (first < last) {
          out.set(block.subarray(first - blockStart, last - blockStart), first - from);
        }
        blockStart += block.length;
      }
      return out;
    },
    dropBefore(samples) {
      while (blocks[0] && start + blocks[0].length <= samples) {
        start += blocks[0].length;
        blocks.shift();
      }
    },
  };
}
