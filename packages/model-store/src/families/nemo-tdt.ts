// Parakeet TDT and its kin: `encoder-model` and `decoder_joint-model`, in the layouts of its three repositories.

import { type FamilyLayout, type LayoutFile } from './family-layout.js';
import { findCommonFiles, findNemoGraph, type Precision } from './nemo-files.js';

type Tier = {
  encoder: Precision;
  /** Precisions of decoder_joint, best first. It is small and runs most often: int8 saves little there. */
  decoderJoint: readonly Precision[];
  encoderFolders?: readonly string[];
};

const tiers: Partial<Record<string, Tier>> = {
  int8: { encoder: 'int8', decoderJoint: ['fp32', 'int8'] },
  fp32: { encoder: 'fp32', decoderJoint: ['fp32'] },
  fp16: { encoder: 'fp16', decoderJoint: ['fp16', 'fp32'] },
  w4a8: { encoder: 'w4a8', decoderJoint: ['fp32', 'w4a8', 'int8'] },
  /** int8 throughout: the smallest pair. */
  'int8-full': { encoder: 'int8', decoderJoint: ['int8'] },
  /** fp32 cut into files below 2 GB, where a repository has both forms. */
  'fp32-sharded': { encoder: 'fp32', decoderJoint: ['fp32'], encoderFolders: ['sharded/'] },
};

export const nemoTdtLayout: FamilyLayout = {
  family: 'nemo-tdt',
  modelTypes: ['nemo-conformer-tdt'],
  tiers: ['int8', 'fp32', 'fp16', 'w4a8'],
  requiredRoles: [['encoder'], ['decoder-joint'], ['vocabulary']],
  traits: {},
  resolveTier,
};

function resolveTier(paths: ReadonlySet<string>, name: string): LayoutFile[] | undefined {
  const tier = tiers[name];
  if (!tier) return undefined;
  const encoder = findNemoGraph(paths, {
    name: 'encoder-model',
    precision: tier.encoder,
    role: 'encoder',
    ...(tier.encoderFolders && { folders: tier.encoderFolders }),
  });
  const decoderJoint = tier.decoderJoint
    .map((precision) =>
      findNemoGraph(paths, { name: 'decoder_joint-model', precision, role: 'decoder-joint' }),
    )
    .find((files) => files !== undefined);
  const common = findCommonFiles(paths, tier.encoder);
  return encoder && decoderJoint && common && [...encoder, ...decoderJoint, ...common];
}
