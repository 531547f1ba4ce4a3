import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type ModelDescription } from '../recognizer.js';
import { type OnnxSession } from '../runtime/onnx-session.js';
import { createGraphFrontEnd, openFrontEnd } from './front-end.js';

const model: ModelDescription = {
  id: 'some-model',
  tier: 'fp32',
  family: 'nemo-tdt',
  files: { encoder: 'encoder.onnx', vocabulary: 'vocab.txt' },
  frontEnd: { kind: 'nemo-log-mel', numMels: 80 },
  subsamplingFactor: 4,
  maxSegmentSeconds: 20,
  languages: ['en'],
  languageRequired: false,
  punctuation: false,
};

describe('the front end', () => {
  it('has as many bins as the encoder takes', async () => {
    const frontEnd = await openFrontEnd(model, 80);
    const features = await frontEnd.computeFeatures(new Float32Array(1_600));
    expect(features).toMatchObject({ numMels: 80, numFrames: 11, validFrames: 10 });
    await frontEnd.close();
  });

  it.each<[string, ModelDescription, number]>([
    ['bins differ from what the encoder takes', model, 128],
    [
      'a graph is asked for but not named',
      { ...model, frontEnd: { kind: 'graph', numMels: 80 } },
      80,
    ],
  ])('is refused where %s', async (_, description, numMels) => {
    await expect(openFrontEnd(description, numMels)).rejects.toMatchObject({
      code: 'MODEL_CONTRACT_MISMATCH',
    });
  });

  it('can be a graph of the model: waveforms and their length in, features and theirs out', async () => {
    const fed: Record<string, Tensor>[] = [];
    const session = {
      runMs: 7,
      outputShape: () => ['batch', 2, 'time'],
      run(feeds: Record<string, Tensor>, outputs: readonly string[]) {
        fed.push(feeds);
        expect(outputs).toEqual(['features', 'features_lens']);
        return Promise.resolve({
          features: new Tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]),
          features_lens: new Tensor('int64', BigInt64Array.of(2n), [1]),
        });
      },
    } as unknown as OnnxSession;
    const frontEnd = createGraphFrontEnd(session);
    const features = await frontEnd.computeFeatures(Float32Array.of(0.1, 0.2, 0.3));
    expect(features).toEqual({
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
      numMels: 2,
      numFrames: 3,
      validFrames: 2,
    });
    expect(frontEnd.runMs).toBe(7);
    expect(fed[0]!['waveforms']!.dims).toEqual([1, 3]);
    expect(fed[0]!['waveforms_lens']).toMatchObject({ type: 'int64', dims: [1] });
  });
});
