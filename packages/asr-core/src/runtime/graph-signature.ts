import { InferenceSession } from 'onnxruntime-node';
import { AsrError } from '../errors.js';

/** A tensor as its graph declares it: element type as the runtime names it, sizes as numbers where they are fixed. */
export type TensorSignature = { name: string; type: string; shape: readonly (number | string)[] };

export type GraphSignature = {
  inputs: readonly TensorSignature[];
  outputs: readonly TensorSignature[];
};

/** What a graph takes and gives; it is opened for this and closed again. @throws AsrError `MODEL_FILE_UNREADABLE` */
export async function readGraphSignature(path: string): Promise<GraphSignature> {
  try {
    const session = await InferenceSession.create(path, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
    });
    const signature = {
      inputs: session.inputMetadata.flatMap(describeTensor),
      outputs: session.outputMetadata.flatMap(describeTensor),
    };
    await session.release();
    return signature;
  } catch (cause) {
    throw new AsrError(
      'MODEL_FILE_UNREADABLE',
      `The model file ${path} could not be opened; run "steno models verify" on its model.`,
      { cause },
    );
  }
}

function describeTensor(value: InferenceSession.ValueMetadata): TensorSignature[] {
  return value.isTensor ? [{ name: value.name, type: value.type, shape: value.shape }] : [];
}
