// Raw float bytes from a pipe, in pieces of any size, to blocks of samples per channel.

/**
 * Collects interleaved little-endian float32 bytes. The pipe delivers some 2 KB at a time;
 * everything downstream wants seconds. One copy for one channel, a second to part several.
 */
export class PcmBlocks {
  readonly #channels: number;
  readonly #blockSamples: number;
  #interleaved: Float32Array;
  #bytes: Uint8Array;
  #filledBytes = 0;
  #samples = 0;

  constructor(channels: number, blockSamples: number) {
    this.#channels = channels;
    this.#blockSamples = blockSamples;
    this.#interleaved = new Float32Array(blockSamples * channels);
    this.#bytes = new Uint8Array(this.#interleaved.buffer);
  }

  /** Whole samples per channel received so far. */
  get samples(): number {
    return this.#samples + Math.floor(this.#filledBytes / (4 * this.#channels));
  }

  /** Takes a piece; yields each block it fills: one array per channel, owned by the caller. */
  *push(piece: Uint8Array): Generator<Float32Array[]> {
    for (let at = 0; at < piece.byteLength;) {
      const taken = Math.min(piece.byteLength - at, this.#bytes.byteLength - this.#filledBytes);
      this.#bytes.set(piece.subarray(at, at + taken), this.#filledBytes);
      this.#filledBytes += taken;
      at += taken;
      if (this.#filledBytes === this.#bytes.byteLength) yield this.#take();
    }
  }

  /** As `push`, with so many samples of silence. */
  *pushSilence(samples: number): Generator<Float32Array[]> {
    const bytesPerSample = 4 * this.#channels;
    const silence = new Uint8Array(Math.min(samples, this.#blockSamples) * bytesPerSample);
    for (let left = samples; left > 0; left -= silence.byteLength / bytesPerSample) {
      yield* this.push(silence.subarray(0, left * bytesPerSample));
    }
  }

  /** The last, shorter block, if there is one; an incomplete sample is dropped. */
  flush(): Float32Array[] | undefined {
    return this.#filledBytes < 4 * this.#channels ? undefined : this.#take();
  }

  #take(): Float32Array[] {
    const samples = Math.floor(this.#filledBytes / (4 * this.#channels));
    this.#samples += samples;
    this.#filledBytes = 0;
    if (this.#channels > 1) return this.#part(samples);

    const block = this.#interleaved;
    this.#interleaved = new Float32Array(this.#blockSamples);
    this.#bytes = new Uint8Array(this.#interleaved.buffer);
    return [samples === block.length ? block : block.slice(0, samples)];
  }

  #part(samples: number): Float32Array[] {
    return Array.from({ length: this.#channels }, (_, channel) => {
      const block = new Float32Array(samples);
      for (let i = 0, at = channel; i < samples; i++, at += this.#channels) {
        block[i] = this.#interleaved[at]!;
      }
      return block;
    });
  }
}
