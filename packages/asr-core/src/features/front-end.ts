import { Tensor } from 'onnxruntime-node';
import { AsrError } from '../errors.js';
import { requireFile } from '../models/require-file.js';
import { type ModelDescription } from '../recognizer.js';
import { type OnnxSession, openOnnxSession } from '../runtime/onnx-session.js';
import { requireDimension } from '../runtime/require-dimension.js';
import { type Features, createNemoFeatureExtractor } from './nemo-features.js';

/** Samples in, log-mel features out; one instance belongs to one thread. */
export interface FrontEndRunner {
  readonly runMs: number;
  computeFeatures(samples: Float32Array): Promise<Features>;
  close(): Promise<void>;
}

/**
 * Opens the NeMo front end that the model's manifest asks for; `numMels` is what its encoder takes.
 * @throws AsrError
 */
export async function openFrontEnd(
  model: ModelDescription,
  numMels: number,
): Promise<FrontEndRunner> {
  const { frontEnd } = model;
  if (frontEnd.kind === 'from-graph' || frontEnd.kind === 'granite-log-mel') {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The manifest of ${model.id} asks for the front end ${frontEnd.kind}, which is not NeMo's.`,
    );
  }
  if (frontEnd.numMels !== numMels) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `The manifest of ${model.id} says ${frontEnd.numMels} mel bins, its encoder takes ${numMels}.`,
    );
  }
  if (frontEnd.kind === 'nemo-log-mel') {
    const extractor = await createNemoFeatureExtractor(numMels);
    return {
      runMs: 0,
      computeFeatures: (samples) => Promise.resolve(extractor.computeFeatures(samples)),
      close: () => Promise.resolve(),
    };
  }
  return createGraphFrontEnd(await openOnnxSession(requireFile(model, 'preprocessor')));
}

/** The graph `nemo128.onnx`: `waveforms [B,N]`, `waveforms_lens [B]` → `features [B,M,T]`, `features_lens [B]`. */
export function createGraphFrontEnd(session: OnnxSession): FrontEndRunner {
  const numMels = requireDimension(session.outputShape('features'), 1, 'features (mel bins)');
  return {
    get runMs() {
      return session.runMs;
    },
    async computeFeatures(samples) {
      const outputs = await session.run(
        {
          waveforms: new Tensor('float32', samples, [1, samples.length]),
          waveforms_lens: new Tensor('int64', [BigInt(samples.length)], [1]),
        },
        ['features', 'features_lens'],
      );
      const features = outputs['features']!;
      const lengths = outputs['features_lens']!.data as BigInt64Array;
      return {
        data: features.data as Float32Array,
        numMels,
        numFrames: features.dims[2]!,
        validFrames: Number(lengths[0]),
      };
    },
    close: () => session.close(),
  };
}
