import { cancelled } from '../../errors.js';
import { type CtcEncoder } from './encoder.js';
import { type LogProbabilities } from './encode.js';

/** What is heard on each side of a window and thrown away, where audio is longer than the model hears at once (2 s). */
const CONTEXT_SAMPLES = 32_000;

/**
 * Log-probabilities of audio of any length: windows of equal length, each heard with context on both sides, none longer
 * than `maxFrames`.
 * @throws AsrError `CANCELLED`, `INFERENCE_FAILED`
 */
export async function computeInWindows(
  encoder: Pick<CtcEncoder, 'vocabulary' | 'samplesPerFrame' | 'computeLogProbabilities'>,
  samples: Float32Array,
  { maxFrames, isCancelled }: { maxFrames: number; isCancelled: () => boolean },
): Promise<LogProbabilities> {
  const { samplesPerFrame, vocabulary } = encoder;
  const compute = (from: number, until: number) => {
    if (isCancelled()) throw cancelled();
    return encoder.computeLogProbabilities(
      samples.subarray(from * samplesPerFrame, until * samplesPerFrame),
    );
  };
  const totalFrames = Math.ceil(samples.length / samplesPerFrame);
  if (totalFrames <= maxFrames) return compute(0, totalFrames);

  const numClasses = vocabulary.pieces.length;
  const context = Math.min(Math.floor(CONTEXT_SAMPLES / samplesPerFrame), maxFrames >> 2);
  const windowFrames = Math.ceil(totalFrames / Math.ceil(totalFrames / (maxFrames - 2 * context)));
  const data = new Float32Array(totalFrames * numClasses);
  let numFrames = 0;
  for (let start = 0; start < totalFrames; start += windowFrames) {
    const from = Math.max(0, start - context);
    const heard = await compute(from, Math.min(totalFrames, start + windowFrames + context));
    const lead = (start - from) * numClasses;
    const until = Math.min(heard.numFrames * numClasses, lead + windowFrames * numClasses);
    data.set(heard.data.subarray(lead, until), start * numClasses);
    numFrames = start + (until - lead) / numClasses;
  }
  return { data: data.subarray(0, numFrames * numClasses), numFrames, numClasses };
}
