import { type Tensor } from 'onnxruntime-node';
import { computeArgmax } from '../../tokens/argmax.js';

/** The best class of each row, and its natural log-softmax. */
export type BestClasses = { ids: Int32Array; logProbabilities: Float32Array };

/**
 * The best classes of these rows of logits `[1, rows, classes]`. The tensor is released: at 100,000 classes it is the
 * largest thing that there is.
 */
export function takeBest(logits: Tensor, rows: readonly number[]): BestClasses {
  const data = logits.data as Float32Array;
  const length = logits.dims.at(-1)!;
  const ids = new Int32Array(rows.length);
  const logProbabilities = new Float32Array(rows.length);
  rows.forEach((row, i) => {
    const start = row * length;
    const chosen = computeArgmax(data, start, length);
    const highest = data[start + chosen]!;
    let sum = 0;
    for (let at = start; at < start + length; at++) sum += Math.exp(data[at]! - highest);
    ids[i] = chosen;
    logProbabilities[i] = -Math.log(sum);
  });
  logits.dispose();
  return { ids, logProbabilities };
}
