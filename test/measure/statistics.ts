/** The value below which the given share (0 to 1) of the values lies; NaN of nothing. */
export function computeQuantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? NaN;
  const high = sorted[Math.ceil(position)] ?? NaN;
  return low + (high - low) * (position - Math.floor(position));
}

export function computeMedian(values: readonly number[]): number {
  return computeQuantile(values, 0.5);
}
