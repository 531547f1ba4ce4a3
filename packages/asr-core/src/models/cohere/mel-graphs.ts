// NeMo features in, merged decoder: caches begin empty and grow by what is fed.

import { Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { AsrError } from '../../errors.js';
import { type Features, createNemoFeatureExtractor } from '../../features/nemo-features.js';
import { requireDimension } from '../../runtime/require-dimension.js';
import { MEL_DECODER, MEL_ENCODER, checkTensors } from './contract.js';
import { type CohereGraphs, type CohereSessions } from './graphs.js';
import { createIntegers, createZeros, readLast, toFeed } from './tensors.js';

/** Cache axes: batch, head, position, channel. */
const HEAD_AXIS = 1;
const CHANNEL_AXIS = 3;
/** Positions of the published model, for a repository without `config.json`. */
const CONTEXT_TOKENS = 1024;

const configSchema = z.object({
  max_position_embeddings: z.int().positive().default(CONTEXT_TOKENS),
});

export async function createMelGraphs(
  { encoder, decoder }: CohereSessions,
  config: string | undefined,
): Promise<CohereGraphs> {
  const { tokens, mask, positions, logitsToKeep, hiddenStates, logits, past, present } =
    MEL_DECODER;
  const pastNames = decoder.inputNames.filter((name) => name.startsWith(past));
  const presentOf = (name: string) => name.replace(past, present);
  checkTensors(encoder, { inputs: [MEL_ENCODER.input], outputs: [MEL_ENCODER.output] });
  checkTensors(decoder, {
    inputs: [tokens, mask, positions, logitsToKeep, hiddenStates, ...pastNames],
    outputs: [logits, ...pastNames.map(presentOf)],
  });
  const numMels = requireDimension(encoder.inputShape(MEL_ENCODER.input), 2, 'The encoder input');
  const extractor = await createNemoFeatureExtractor(numMels);
  const numClasses = requireDimension(decoder.outputShape(logits), -1, 'The logits');
  const emptyCaches = Object.fromEntries(
    pastNames.map((name) => {
      const shape = decoder.inputShape(name);
      const heads = requireDimension(shape, HEAD_AXIS, `The cache ${name}`);
      const channels = requireDimension(shape, CHANNEL_AXIS, `The cache ${name}`);
      return [name, createZeros(decoder.inputType(name), [1, heads, 0, channels])];
    }),
  );
  const growingNames = pastNames.filter((name) => name.includes('.decoder.'));

  return {
    contextTokens: parseContextTokens(config),
    numClasses,
    encode(samples) {
      const features = extractor.computeFeatures(samples);
      const input = new Tensor('float32', toRows(features), [1, features.validFrames, numMels]);
      return encoder.run({ [MEL_ENCODER.input]: input }, [MEL_ENCODER.output]);
    },
    startDecoder(encoding) {
      const states = toFeed(encoding[MEL_ENCODER.output]!);
      let cached = emptyCaches;
      let length = 0;
      return {
        async feed(tokenIds) {
          const first = length;
          length += tokenIds.length;
          // The encoder's caches are made by the first run and stay: asking for them again would copy them.
          const updated = first === 0 ? pastNames : growingNames;
          const result = await decoder.run(
            {
              ...cached,
              [tokens]: createIntegers(tokenIds, [1, tokenIds.length]),
              [mask]: createIntegers(new Array<number>(length).fill(1), [1, length]),
              [positions]: createIntegers(
                tokenIds.map((_, index) => first + index),
                [1, tokenIds.length],
              ),
              [logitsToKeep]: createIntegers([1]),
              [hiddenStates]: states,
            },
            [logits, ...updated.map(presentOf)],
          );
          const changes = updated.map((name) => [name, toFeed(result[presentOf(name)]!)] as const);
          cached = { ...cached, ...Object.fromEntries(changes) };
          return readLast(result[logits]!, numClasses);
        },
      };
    },
  };
}

/** Features as rows of one frame each, `[validFrames, numMels]`; columns that do not count are left out. */
export function toRows({ data, numMels, numFrames, validFrames }: Features): Float32Array {
  const rows = new Float32Array(validFrames * numMels);
  for (let frame = 0; frame < validFrames; frame++) {
    for (let mel = 0; mel < numMels; mel++) {
      rows[frame * numMels + mel] = data[mel * numFrames + frame]!;
    }
  }
  return rows;
}

function parseContextTokens(config: string | undefined): number {
  if (config === undefined) return CONTEXT_TOKENS;
  try {
    return configSchema.parse(JSON.parse(config)).max_position_embeddings;
  } catch (cause) {
    throw new AsrError('MODEL_FILE_UNREADABLE', "The model's config.json is not valid.", { cause });
  }
}
