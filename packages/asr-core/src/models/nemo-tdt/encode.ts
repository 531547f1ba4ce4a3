import { Tensor } from 'onnxruntime-node';
import { type Features } from '../../features/nemo-features.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { checkSubsampling, computeEncodedFrames } from '../subsampling.js';
import { ENCODER } from './contract.js';

/** Encoder frames of one segment, time-major `[numFrames, width]`. */
export type Encoding = { frames: Float32Array; numFrames: number; width: number };

/**
 * Runs the encoder on one segment. Never on several at once: padding leaks through the convolutions, and a
 * dynamically quantised graph shares one activation scale over the whole batch.
 */
export async function encode(
  session: OnnxSession,
  features: Features,
  { subsamplingFactor }: { subsamplingFactor: number },
): Promise<Encoding> {
  const { data, numMels, numFrames, validFrames } = features;
  const outputs = await session.run(
    {
      [ENCODER.inputs.features]: new Tensor('float32', data, [1, numMels, numFrames]),
      [ENCODER.inputs.length]: new Tensor('int64', [BigInt(validFrames)], [1]),
    },
    [ENCODER.outputs.frames, ENCODER.outputs.lengths],
  );
  const tensor = outputs[ENCODER.outputs.frames]!;
  const lengths = outputs[ENCODER.outputs.lengths]!.data as BigInt64Array;
  const [, width, stride] = tensor.dims as [number, number, number];
  // The tensor may be a frame longer than the valid length: the stride is its own, the bound is the length.
  const encodedFrames = Math.min(Number(lengths[0]), stride);
  checkSubsampling(encodedFrames, computeEncodedFrames(validFrames, subsamplingFactor));
  const source = tensor.data as Float32Array;
  const frames = new Float32Array(encodedFrames * width);
  for (let channel = 0; channel < width; channel++) {
    const row = channel * stride;
    for (let frame = 0; frame < encodedFrames; frame++) {
      frames[frame * width + channel] = source[row + frame]!;
    }
  }
  return { frames, numFrames: encodedFrames, width };
}
