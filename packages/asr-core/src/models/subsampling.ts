import { AsrError } from '../errors.js';

/** Encoder frames of so many feature columns: each stride-2 convolution halves the length, rounding up. */
export function computeEncodedFrames(featureFrames: number, subsamplingFactor: number): number {
  let frames = featureFrames;
  for (let factor = subsamplingFactor; factor > 1; factor /= 2) frames = Math.ceil(frames / 2);
  return frames;
}

/**
 * Every time in a transcript rests on the factor that the manifest states: it must be what the graph does.
 * @throws AsrError `MODEL_CONTRACT_MISMATCH`
 */
export function checkSubsampling(actualFrames: number, expectedFrames: number): void {
  // The graph may count the column behind the last valid one, too.
  if (Math.abs(actualFrames - expectedFrames) <= 1) return;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `The encoder gave ${actualFrames} frames where the manifest's subsamplingFactor makes ${expectedFrames}.`,
  );
}
