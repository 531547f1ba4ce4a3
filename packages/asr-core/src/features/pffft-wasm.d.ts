// Types of @echogarden/pffft-wasm/simd, which has none; the root tsconfig.json maps the package to this file.

export type PffftModule = {
  HEAPF32: Float32Array;
  _pffft_new_setup(size: number, transform: 0 | 1): number;
  _pffft_destroy_setup(setup: number): void;
  _pffft_aligned_malloc(bytes: number): number;
  _pffft_aligned_free(pointer: number): void;
  _pffft_transform_ordered(
    setup: number,
    input: number,
    output: number,
    work: number,
    direction: 0 | 1,
  ): void;
};
declare const createModule: () => Promise<PffftModule>;
export default createModule;
