import createPffftModule from '@echogarden/pffft-wasm/simd';

const REAL_TRANSFORM = 0;
const FORWARD = 0;

/** A real-input FFT of fixed size. One instance belongs to one thread; its buffers are reused. */
export interface RealFft {
  readonly size: number;
  /** Write `size` samples here. */
  readonly input: Float32Array;
  /** Squared magnitudes of bins 0 … size/2 of what stands in `input`, into `out` [size / 2 + 1]. */
  computePower(out: Float32Array): void;
}

/** Opens pffft (WebAssembly, SIMD) for one transform size, a multiple of 32. */
export async function createRealFft(size: number): Promise<RealFft> {
  const module = await createPffftModule();
  const setup = module._pffft_new_setup(size, REAL_TRANSFORM);
  const bytes = size * Float32Array.BYTES_PER_ELEMENT;
  const [inputAt, outputAt, workAt] = [0, 1, 2].map(() => module._pffft_aligned_malloc(bytes));
  const view = (address: number) => new Float32Array(module.HEAPF32.buffer, address, size);
  const input = view(inputAt!);
  // Ordered output: DC, Nyquist, then (re, im) of each bin between.
  const spectrum = view(outputAt!);

  return {
    size,
    input,
    computePower(out) {
      module._pffft_transform_ordered(setup, inputAt!, outputAt!, workAt!, FORWARD);
      const half = size / 2;
      out[0] = spectrum[0]! * spectrum[0]!;
      out[half] = spectrum[1]! * spectrum[1]!;
      for (let bin = 1; bin < half; bin++) {
        const re = spectrum[2 * bin]!;
        const im = spectrum[2 * bin + 1]!;
        out[bin] = re * re + im * im;
      }
    },
  };
}
