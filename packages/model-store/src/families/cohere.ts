// Cohere Transcribe in its two forms: a waveform encoder with `tokens.txt` (flat), and a mel encoder with a merged
// decoder and `tokenizer.json` (graphs in `onnx/`). Repositories of the first form use the same names for different
// bytes: which they are, the catalogue's pins say.

import { type FamilyLayout, type LayoutFile } from './family-layout.js';
import { findGraph, findOptional } from './find-files.js';

const waveformSuffixes: Partial<Record<string, string>> = {
  int8: '.int8',
  'int8-dynamic': '.int8',
  int4: '.int4',
  fp32: '',
};

const melSuffixes: Partial<Record<string, string>> = {
  fp32: '',
  fp16: '_fp16',
  quantized: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
};

export const cohereLayout: FamilyLayout = {
  family: 'cohere',
  modelTypes: ['cohere_asr'],
  // Not int8-dynamic, whose files nobody can tell from int8's by their names.
  tiers: ['int8', 'int4', 'fp32', 'fp16', 'quantized', 'q4', 'q4f16'],
  requiredRoles: [['encoder'], ['decoder'], ['vocabulary', 'tokenizer']],
  traits: {
    frontEnd: { kind: 'from-graph' },
    subsamplingFactor: 8,
    languages: 'ar de el en es fr it ja ko nl pl pt vi zh'.split(' '),
    languageRequired: true,
    punctuation: true,
    nativeTimes: false,
  },
  resolveTier: (paths, tier) => resolveMel(paths, tier) ?? resolveWaveform(paths, tier),
};

function resolveWaveform(paths: ReadonlySet<string>, tier: string): LayoutFile[] | undefined {
  const suffix = waveformSuffixes[tier];
  if (suffix === undefined) return undefined;
  const encoder = findGraph(paths, { role: 'encoder', names: [`cohere-encoder${suffix}.onnx`] });
  const decoder = findGraph(paths, { role: 'decoder', names: [`cohere-decoder${suffix}.onnx`] });
  const vocabulary = findOptional(paths, { role: 'vocabulary', names: ['tokens.txt'] });
  if (!encoder || !decoder || vocabulary.length === 0) return undefined;
  return [...encoder, ...decoder, ...vocabulary];
}

function resolveMel(paths: ReadonlySet<string>, tier: string): LayoutFile[] | undefined {
  const suffix = melSuffixes[tier];
  if (suffix === undefined) return undefined;
  const folders = ['onnx/', ''];
  const find = (role: 'encoder' | 'decoder', stem: string) =>
    findGraph(paths, { role, names: [`${stem}${suffix}.onnx`], folders });
  const encoder = find('encoder', 'encoder_model');
  const decoder = find('decoder', 'decoder_model_merged');
  const tokenizer = findOptional(paths, { role: 'tokenizer', names: ['tokenizer.json'] });
  if (!encoder || !decoder || tokenizer.length === 0) return undefined;
  return [
    ...encoder,
    ...decoder,
    ...tokenizer,
    ...findOptional(paths, { role: 'tokenizer-config', names: ['tokenizer_config.json'] }),
    ...findOptional(paths, { role: 'config', names: ['config.json'] }),
  ];
}
