// Waveform in, whisper-style decoder: everything about features is in the encoder, and the caches have a fixed size.

import { Tensor } from 'onnxruntime-node';
import { requireDimension } from '../../runtime/require-dimension.js';
import { WAVEFORM_DECODER, WAVEFORM_ENCODER, checkTensors } from './contract.js';
import { type CohereGraphs, type CohereSessions } from './graphs.js';
import { createIntegers, createZeros, readLast, toFeed } from './tensors.js';

/** Cache axes: layer, batch, head, position, channel. */
const BATCH_AXIS = 1;
const POSITION_AXIS = 3;

export function createWaveformGraphs({ encoder, decoder }: CohereSessions): CohereGraphs {
  const { tokens, offset, logits, caches } = WAVEFORM_DECODER;
  const cacheNames = Object.entries(caches);
  const outputs = [logits, ...Object.values(caches)];
  checkTensors(encoder, { inputs: [WAVEFORM_ENCODER.input], outputs: WAVEFORM_ENCODER.outputs });
  checkTensors(decoder, {
    inputs: [tokens, offset, ...Object.keys(caches), ...WAVEFORM_ENCODER.outputs],
    outputs,
  });
  const numClasses = requireDimension(decoder.outputShape(logits), -1, 'The logits');
  // Shared by all segments: a graph does not write to its inputs.
  const emptyCaches = Object.fromEntries(
    cacheNames.map(([input]) => {
      const shape = decoder.inputShape(input);
      const dims = shape.map((_, axis) =>
        axis === BATCH_AXIS ? 1 : requireDimension(shape, axis, `The cache ${input}`),
      );
      return [input, createZeros(decoder.inputType(input), dims)];
    }),
  );

  return {
    contextTokens: Object.values(emptyCaches)[0]!.dims[POSITION_AXIS]!,
    numClasses,
    encode: (samples) =>
      // As it is and alone: without an input for the length, padding or company would be heard.
      encoder.run(
        { [WAVEFORM_ENCODER.input]: new Tensor('float32', samples, [1, samples.length]) },
        WAVEFORM_ENCODER.outputs,
      ),
    startDecoder(cross) {
      let cached = emptyCaches;
      let position = 0;
      return {
        async feed(tokenIds) {
          const result = await decoder.run(
            {
              ...cross,
              ...cached,
              [tokens]: createIntegers(tokenIds, [1, tokenIds.length]),
              [offset]: createIntegers([position]),
            },
            outputs,
          );
          cached = Object.fromEntries(
            cacheNames.map(([input, output]) => [input, toFeed(result[output]!)]),
          );
          position += tokenIds.length;
          return readLast(result[logits]!, numClasses);
        },
      };
    },
  };
}
