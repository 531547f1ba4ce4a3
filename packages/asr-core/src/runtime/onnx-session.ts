import { readFile } from 'node:fs/promises';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { AsrError } from '../errors.js';

/** An opened graph. `run` blocks its thread; outputs are asked for by name. */
export interface OnnxSession {
  readonly path: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Element type of an input as the graph declares it. */
  inputType(name: string): Tensor.Type;
  /** Shape of a tensor as the graph declares it: a number where fixed, a name where free. */
  inputShape(name: string): readonly (number | string)[];
  outputShape(name: string): readonly (number | string)[];
  run(feeds: Record<string, Tensor>, outputs: readonly string[]): Promise<Record<string, Tensor>>;
  /** Milliseconds spent inside `run` so far. */
  readonly runMs: number;
  close(): Promise<void>;
}

/**
 * Opens a graph for one thread. Always by path: sidecar weights are found only beside their graph.
 * @throws AsrError `MODEL_FILE_UNREADABLE`
 */
export async function openOnnxSession(path: string): Promise<OnnxSession> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(path, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      // On: large activations come back without page faults, 6 to 10 % faster at one thread (npm run bench). What a
      // lane keeps is bounded by its longest segment.
      enableCpuMemArena: true,
      // Off: plans memory for a shape, and no two segments have the same.
      enableMemPattern: false,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new AsrError(
      'MODEL_FILE_UNREADABLE',
      `The model file ${path} could not be opened; run "steno models verify" on its model.`,
      { cause },
    );
  }
  let runMs = 0;
  return {
    path,
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputType: (name) => describeTensor(path, session.inputMetadata, name).type,
    inputShape: (name) => describeTensor(path, session.inputMetadata, name).shape,
    outputShape: (name) => describeTensor(path, session.outputMetadata, name).shape,
    get runMs() {
      return runMs;
    },
    async run(feeds, outputs) {
      const started = performance.now();
      const result = await session.run(feeds, outputs as string[]);
      runMs += performance.now() - started;
      return result;
    },
    close: () => session.release(),
  };
}

/** The text of a small model file (vocabulary, configuration). @throws AsrError `MODEL_FILE_UNREADABLE` */
export async function readModelText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AsrError('MODEL_FILE_UNREADABLE', `The model file ${path} could not be read.`, {
      cause,
    });
  }
}

function describeTensor(
  path: string,
  metadata: readonly InferenceSession.ValueMetadata[],
  name: string,
): InferenceSession.TensorValueMetadata {
  const found = metadata.find((value) => value.name === name);
  if (!found?.isTensor) {
    throw new AsrError(
      'MODEL_CONTRACT_MISMATCH',
      `${path} has no tensor "${name}"; it has ${metadata.map((value) => value.name).join(', ')}.`,
    );
  }
  return found;
}
