// Raw float bytes in pieces of any size, to blocks of samples per channel.

/**
 * Collects interleaved little-endian float32 bytes. A pipe delivers some 2 KB at a time; everything
 * downstream wants seconds. Takes as much memory as came: most recordings end in the first block.
 */
export class PcmBlocks {
  readonly #channels: number;
  readonly #blockBytes: number;
  #pieces: Uint8Array[] = [];
  #filledBytes = 0;
  #samples = 0;

  constructor(channels: number, blockSamples: number) {
    this.#channels = channels;
    this.#blockBytes = 4 * channels * blockSamples;
  }

  /** Whole samples per channel received so far. */
  get samples(): number {
    return this.#samples + Math.floor(this.#filledBytes / (4 * this.#channels));
  }

  /**
   * Takes a piece and keeps it until its block is full; yields each block it fills: one array per
   * channel, owned by the caller.
   */
  *push(piece: Uint8Array): Generator<Float32Array[]> {
    for (let at = 0; at < piece.byteLength;) {
      const taken = Math.min(piece.byteLength - at, this.#blockBytes - this.#filledBytes);
      this.#pieces.push(piece.subarray(at, at + taken));
      this.#filledBytes += taken;
      at += taken;
      if (this.#filledBytes === this.#blockBytes) yield this.#take();
    }
  }

  /** As `push`, with so many samples of silence. */
  *pushSilence(samples: number): Generator<Float32Array[]> {
    const silence = new Uint8Array(Math.min(4 * this.#channels * samples, this.#blockBytes));
    for (let left = 4 * this.#channels * samples; left > 0; left -= silence.byteLength) {
      yield* this.push(silence.subarray(0, left));
    }
  }

  /** The last, shorter block, if there is one; an incomplete sample is dropped. */
  flush(): Float32Array[] | undefined {
    return this.#filledBytes < 4 * this.#channels ? undefined : this.#take();
  }

  #take(): Float32Array[] {
    const bytes = new Uint8Array(this.#filledBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    const samples = Math.floor(this.#filledBytes / (4 * this.#channels));
    const interleaved = new Float32Array(bytes.buffer, 0, samples * this.#channels);
    this.#samples += samples;
    this.#pieces = [];
    this.#filledBytes = 0;
    return this.#channels === 1 ? [interleaved] : this.#part(interleaved);
  }

  #part(interleaved: Float32Array): Float32Array[] {
    return Array.from({ length: this.#channels }, (_, channel) => {
      const block = new Float32Array(interleaved.length / this.#channels);
      for (let i = 0, at = channel; i < block.length; i++, at += this.#channels) {
        block[i] = interleaved[at]!;
      }
      return block;
    });
  }
}
