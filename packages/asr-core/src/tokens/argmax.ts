/** Index of the largest of `length` values from `start` on, relative to `start`; ties go to the lowest, as numpy's. */
export function computeArgmax(values: Float32Array, start: number, length: number): number {
  let best = 0;
  let bestValue = values[start]!;
  for (let i = 1; i < length; i++) {
    const value = values[start + i]!;
    if (value > bestValue) {
      best = i;
      bestValue = value;
    }
  }
  return best;
}

/** Natural log of the softmax probability of entry `chosen` among `length` logits from `start` on. */
export function computeLogSoftmaxAt(
  logits: Float32Array,
  start: number,
  options: { length: number; chosen: number },
): number {
  const { length, chosen } = options;
  let max = -Infinity;
  for (let i = 0; i < length; i++) max = Math.max(max, logits[start + i]!);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Math.exp(logits[start + i]! - max);
  return logits[start + chosen]! - max - Math.log(sum);
}
