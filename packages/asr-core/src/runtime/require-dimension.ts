import { AsrError } from '../errors.js';

/** A dimension that the graph must fix. @throws AsrError `MODEL_CONTRACT_MISMATCH` */
export function requireDimension(
  shape: readonly (number | string)[],
  axis: number,
  what: string,
): number {
  const size = shape.at(axis);
  if (typeof size !== 'number' || size <= 0) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `${what} must have a fixed size; the graph says [${shape.join(', ')}].`,
    );
  }
  return size;
}
