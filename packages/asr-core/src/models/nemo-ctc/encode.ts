import { Tensor } from 'onnxruntime-node';
import { type Features } from '../../features/nemo-features.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { checkSubsampling, computeEncodedFrames } from '../subsampling.js';
import { MODEL_INPUTS } from './contract.js';

/** Log-probabilities of one segment, `[numFrames, numClasses]`, row-major. */
export type LogProbabilities = { data: Float32Array; numFrames: number; numClasses: number };

export async function encode(
  session: OnnxSession,
  features: Features,
  options: { outputName: string; subsamplingFactor: number },
): Promise<LogProbabilities> {
  const { data, numMels, numFrames, validFrames } = features;
  const outputs = await session.run(
    {
      [MODEL_INPUTS.features]: new Tensor('float32', data, [1, numMels, numFrames]),
      [MODEL_INPUTS.length]: new Tensor('int64', [BigInt(validFrames)], [1]),
    },
    [options.outputName],
  );
  const tensor = outputs[options.outputName]!;
  const [, frames, numClasses] = tensor.dims as [number, number, number];
  checkSubsampling(frames, computeEncodedFrames(numFrames, options.subsamplingFactor));
  return {
    data: tensor.data as Float32Array,
    numFrames: Math.min(frames, computeEncodedFrames(validFrames, options.subsamplingFactor)),
    numClasses,
  };
}
