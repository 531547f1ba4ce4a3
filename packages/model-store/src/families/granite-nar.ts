// Granite Speech NAR: three graphs in a folder that is named after the tier; the tokenizer at the root serves all.

import { type FamilyLayout } from './family-layout.js';
import { findGraph, findOptional } from './find-files.js';

const tiers: readonly string[] = ['fp16w', 'int8', 'fp32'];

export const graniteNarLayout: FamilyLayout = {
  family: 'granite-nar',
  modelTypes: ['granite_speech_nar'],
  tiers,
  requiredRoles: [['encoder'], ['embed-tokens'], ['editor'], ['tokenizer']],
  traits: {
    frontEnd: { kind: 'granite-log-mel', numMels: 80 },
    subsamplingFactor: 8,
    languages: ['en', 'fr', 'de', 'es', 'pt'],
    languageRequired: false,
    punctuation: false,
    // From the frames of its own CTC draft.
    nativeTimes: true,
  },
  resolveTier(paths, tier) {
    if (!tiers.includes(tier)) return undefined;
    const folders = [`${tier}/`];
    const encoder = findGraph(paths, { role: 'encoder', names: ['encoder.onnx'], folders });
    const embedTokens = findGraph(paths, {
      role: 'embed-tokens',
      names: ['embed_tokens.onnx'],
      folders,
    });
    const editor = findGraph(paths, { role: 'editor', names: ['editor.onnx'], folders });
    const tokenizer = findOptional(paths, { role: 'tokenizer', names: ['tokenizer.json'] });
    if (!encoder || !embedTokens || !editor || tokenizer.length === 0) return undefined;
    return [
      ...encoder,
      ...embedTokens,
      ...editor,
      ...tokenizer,
      ...findOptional(paths, { role: 'tokenizer-config', names: ['tokenizer_config.json'] }),
      ...findOptional(paths, { role: 'config', names: ['granite_export_metadata.json'] }),
    ];
  },
};
