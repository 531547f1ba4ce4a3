// Descriptions of the data folder's models, as model-store would resolve them, without installing anything.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelDescription } from '@stenofleet/asr-core';
import { z } from 'zod';

/** What models without a manifest of their own are taken to hear at once (all of these READMEs say so too). */
const MAX_SEGMENT_SECONDS = 20;

const configSchema = z.object({ features_size: z.number(), subsampling_factor: z.number() });

/** A model and tier to measure. */
export type Configuration = {
  name: string;
  folder: string;
  family: 'nemo-ctc' | 'nemo-tdt';
  tier: string;
  encoder: string;
  decoderJoint?: string;
  /** Its figures of the reference implementation: a file of `oracle/`. */
  oracle?: string;
};

const tdt = { folder: 'nemo-tdt-small-en', family: 'nemo-tdt' } as const;
const fp32Decoder = { decoderJoint: 'decoder_joint-model.onnx' };

export const configurations = {
  ctcInt8: {
    name: 'ctc-int8',
    folder: 'nemo-conformer-ctc-small-en',
    family: 'nemo-ctc',
    tier: 'int8',
    encoder: 'model.int8.onnx',
    oracle: 'ctc8',
  },
  tdtFp32: {
    ...{ ...tdt, ...fp32Decoder },
    name: 'tdt-fp32',
    tier: 'fp32',
    encoder: 'encoder-model.onnx',
    oracle: 'tdt',
  },
  tdtInt8: {
    ...{ ...tdt, ...fp32Decoder },
    name: 'tdt-int8',
    tier: 'int8',
    encoder: 'encoder-model.int8.onnx',
    oracle: 'tdt8',
  },
  demoInt8: {
    name: 'demo-int8',
    folder: 'demo-en',
    family: 'nemo-tdt',
    tier: 'int8',
    encoder: 'encoder-model.int8.onnx',
    decoderJoint: 'decoder_joint-model.int8.onnx',
  },
} as const satisfies Record<string, Configuration>;

/** A NeMo model as it lies in the data folder; what sherpa-onnx needs to know of it, too, is there. */
export type NemoDescription = ModelDescription & {
  files: { vocabulary: string };
  frontEnd: { numMels: number };
};

export async function describeModel(
  modelsFolder: string,
  { folder, family, tier, encoder, decoderJoint }: Configuration,
): Promise<NemoDescription> {
  const at = (file: string) => join(modelsFolder, folder, file);
  const config = configSchema.parse(JSON.parse(await readFile(at('config.json'), 'utf8')));
  return {
    id: folder,
    tier,
    family,
    files: {
      encoder: at(encoder),
      ...(decoderJoint !== undefined && { decoderJoint: at(decoderJoint) }),
      vocabulary: at('vocab.txt'),
      config: at('config.json'),
    },
    frontEnd: { kind: 'nemo-log-mel', numMels: config.features_size },
    subsamplingFactor: config.subsampling_factor,
    maxSegmentSeconds: MAX_SEGMENT_SECONDS,
    languages: ['en'],
    languageRequired: false,
    punctuation: false,
  };
}
