import { Tensor } from 'onnxruntime-node';
import { AsrError } from '../../errors.js';
import { type GraniteFeatures } from '../../features/granite-features.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { type BestClasses, takeBest } from './best-classes.js';
import { ENCODER_INPUTS, ENCODER_OUTPUTS, ROWS_PER_DRAFT_FRAME } from './contract.js';

/** What the encoder makes of one segment. */
export type Encoding = {
  /** CTC frames that count, by their place in time; a frame is 80 ms. */
  draftFrames: number[];
  /** Of each of these frames. */
  draft: BestClasses;
  /** Rows that count, 100 ms each, `[audioRows, hiddenSize]`, row-major, not divided. */
  audioEmbeds: Float32Array;
  audioRows: number;
};

/** @throws AsrError `MODEL_CONTRACT_MISMATCH` */
export async function encode(encoder: OnnxSession, features: GraniteFeatures): Promise<Encoding> {
  const { data, numRows, validRows } = features;
  const mask = new BigInt64Array(numRows).fill(1n, 0, validRows);
  const outputs = await encoder.run(
    {
      [ENCODER_INPUTS.features]: new Tensor('float32', data, [1, numRows, data.length / numRows]),
      [ENCODER_INPUTS.mask]: new Tensor('int64', mask, [1, numRows]),
    },
    Object.values(ENCODER_OUTPUTS),
  );
  // Boolean at run time, float in the exporter's description: 0 or 1 either way.
  const counts = outputs[ENCODER_OUTPUTS.draftMask]!.data as Uint8Array | Float32Array;
  const expectedFrames = Math.ceil(numRows / ROWS_PER_DRAFT_FRAME);
  if (counts.length !== expectedFrames) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The encoder gave ${counts.length} draft frames for ${numRows} rows; the contract says ${expectedFrames}.`,
    );
  }
  const draftFrames = [...counts.keys()].filter((frame) => counts[frame]! > 0);
  const draft = takeBest(outputs[ENCODER_OUTPUTS.draftLogits]!, draftFrames);
  const lengths = outputs[ENCODER_OUTPUTS.audioLengths]!.data as BigInt64Array;
  const embeds = outputs[ENCODER_OUTPUTS.audioEmbeds]!;
  const audioRows = Number(lengths[0]);
  const audioEmbeds = (embeds.data as Float32Array).subarray(0, audioRows * embeds.dims.at(-1)!);
  return { draftFrames, draft, audioEmbeds, audioRows };
}
