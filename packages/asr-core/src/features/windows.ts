/** Symmetric Hann window (denominator `length - 1`), as NeMo uses; the periodic one shifts every feature. */
export function computeSymmetricHann(length: number): Float32Array {
  return computeHann(length, length - 1);
}

/** Periodic Hann window (denominator `length`), as Granite uses. */
export function computePeriodicHann(length: number): Float32Array {
  return computeHann(length, length);
}

function computeHann(length: number, denominator: number): Float32Array {
  return Float32Array.from(
    { length },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / denominator),
  );
}
