import { describe, expect, it } from 'vitest';
import { listKnownModels } from './model-catalogue.js';
import { resolveLayout } from './resolve-layout.js';

const parakeet = 'parakeet-tdt-0.6b-v3';
const base = ['config.json', 'nemo128.onnx', 'vocab.txt'];
const decoders = ['decoder_joint-model.int8.onnx', 'decoder_joint-model.onnx'];
const flat = [
  ...[...base, ...decoders],
  ...['encoder-model.int8.onnx', 'encoder-model.onnx', 'encoder-model.onnx.data'],
];
const inFolders = ['fp16', 'int8', 'w4a8'].map((tier) => `${tier}/encoder-model.${tier}.onnx`);
const waveform = (precision: string) => [
  `cohere-encoder.${precision}.onnx`,
  `cohere-encoder.${precision}.onnx.data`,
  `cohere-decoder.${precision}.onnx`,
  `cohere-decoder.${precision}.onnx.data`,
  'tokens.txt',
];

/** What the repositories hold, as far as it is known (docs/models). */
const listings: Record<string, string[]> = {
  'istupakov/parakeet-tdt-0.6b-v3-onnx': flat,
  'Olicorne/parakeet-tdt-0.6b-v3-smoothquant-onnx@2748538802098c611cf00e7c9a959a1515f695f7': [
    ...[...flat, 'decoder_joint-model.fp16.onnx', 'encoder-model.fp16.onnx'],
    ...['', '.data.000', '.data.001'].map((end) => `sharded/encoder-model.onnx${end}`),
  ],
  'Olicorne/parakeet-tdt-0.6b-v3-smoothquant-onnx@c6c57a8654c6f10d2f48f26adb05228984a7013b': [
    ...['nemo128.onnx', 'vocab.txt', 'int8/decoder_joint-model.int8.onnx'],
    ...inFolders.slice(1),
  ],
  'Olicorne/parakeet-tdt-0.6b-v3-optimized-onnx': [
    ...[...base, ...inFolders],
    ...['', '.data'].map((end) => `fp32/decoder_joint-model.onnx${end}`),
    ...['', '.data.000', '.data.001'].map((end) => `fp32/encoder-model.onnx${end}`),
  ],
  'cstr/cohere-transcribe-onnx-int8': waveform('int8'),
  'cstr/cohere-transcribe-onnx-int4': waveform('int4'),
  'tristanripke/cohere-transcribe-onnx-int8': waveform('int8').filter(
    (path) => path !== 'cohere-decoder.int8.onnx.data',
  ),
  'onnx-community/cohere-transcribe-03-2026-ONNX': [
    ...['tokenizer.json', 'preprocessor_config.json'],
    ...['', '_fp16', '_quantized', '_q4', '_q4f16'].flatMap((suffix) => [
      `onnx/encoder_model${suffix}.onnx`,
      `onnx/encoder_model${suffix}.onnx_data`,
      `onnx/decoder_model_merged${suffix}.onnx`,
    ]),
  ],
  'smcleod/ibm-granite-speech-4.1-2b-nar-onnx': [
    ...['tokenizer.json', 'tokenizer_config.json', 'granite_export_metadata.json'],
    ...['fp32', 'int8', 'fp16w'].flatMap((tier) =>
      ['encoder', 'embed_tokens', 'editor'].flatMap((name) => [
        `${tier}/${name}.onnx`,
        `${tier}/${name}.onnx_data`,
      ]),
    ),
  ],
};

const models = await listKnownModels();
const tiersOf = (model: (typeof models)[number]) =>
  Object.entries(model.tiers).map(([name, tier]) => ({
    name,
    tier,
    source: tier.source ?? model.source,
  }));

describe('the shipped manifests', () => {
  it('are every model and tier that the cards and the contracts name', () => {
    const tiers = Object.fromEntries(models.map(({ id, tiers: of }) => [id, Object.keys(of)]));
    expect(tiers).toEqual({
      'demo-en': ['int8'],
      [parakeet]: ['fp32', 'int8', 'int8-full'],
      [`${parakeet}-compact`]: ['int8', 'w4a8'],
      [`${parakeet}-optimized`]: ['fp32', 'fp16', 'int8', 'w4a8'],
      [`${parakeet}-smoothquant`]: ['fp32', 'fp32-sharded', 'fp16', 'int8'],
      'cohere-transcribe-03-2026': [
        ...['int8', 'int4', 'int8-dynamic'],
        ...['fp32', 'fp16', 'quantized', 'q4', 'q4f16'],
      ],
      'granite-speech-4.1-2b-nar': ['fp32', 'fp16w', 'int8'],
      'nemo-conformer-ctc-small-en': ['int8', 'fp32'],
    });
  });

  it('name the files that their repository’s listing leads to', () => {
    for (const model of models) {
      for (const { name, tier, source } of tiersOf(model)) {
        if (!source) continue; // bundled, or imported
        const { repository, revision } = source;
        const listing = listings[repository] ?? listings[`${repository}@${revision}`];
        const resolved = resolveLayout(listing ?? [], { family: model.family, tier: name });
        expect(resolved, `${model.id}, tier ${name}`).toBeDefined();
        if (!tier.files) continue;
        expect(tier.files.map(({ role, path }) => ({ role, path }))).toEqual(resolved);
      }
    }
  });

  it('pin every file that they name by its sha-256', () => {
    for (const model of models) {
      expect(Object.keys(model.tiers)).toContain(model.defaultTier);
      for (const { files = [] } of Object.values(model.tiers)) {
        for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });

  it('name a branch only where no revision was to be had', () => {
    const branches = models
      .flatMap((model) => tiersOf(model).map(({ source }) => source))
      .filter((source) => source && !/^[0-9a-f]{40}$/.test(source.revision));
    expect(new Set(branches.map((source) => source?.repository))).toEqual(
      new Set(['cstr/cohere-transcribe-onnx-int8', 'smcleod/ibm-granite-speech-4.1-2b-nar-onnx']),
    );
  });

  it('limit each tier’s segments, and say why', () => {
    const limits = models
      .filter(({ demo }) => !demo)
      .flatMap((model) =>
        tiersOf(model).map(({ name, tier }) => {
          expect(tier.maxSegmentReason, `${model.id}, tier ${name}`).toBeTruthy();
          return [`${model.id}:${name}`, tier.maxSegmentSeconds] as const;
        }),
      );
    const limitOf = Object.fromEntries(limits);
    for (const stock of [`${parakeet}:int8`, `${parakeet}:int8-full`, `${parakeet}-compact:int8`]) {
      expect(limitOf[stock]).toBeLessThanOrEqual(24);
    }
    const others = limits.filter(([tier]) => tier.startsWith(parakeet) && limitOf[tier] !== 20);
    expect(new Set(others.map(([, seconds]) => seconds))).toEqual(new Set([60]));
    const large = limits.filter(([tier]) => /^(cohere|granite)/.test(tier));
    expect(new Set(large.map(([, seconds]) => seconds))).toEqual(new Set([30]));
  });

  it('refer to tiers and models that there are', () => {
    for (const { id, tiers, aligner } of models) {
      for (const { betterTier, parity } of Object.values(tiers)) {
        for (const tier of [betterTier, parity?.reference]) {
          if (tier !== undefined) expect(Object.keys(tiers), id).toContain(tier);
        }
      }
      if (aligner !== undefined) expect(models.map((model) => model.id)).toContain(aligner);
    }
  });

  it('never come back to a tier by going from each to its better one', () => {
    for (const { tiers } of models) {
      for (const start of Object.keys(tiers)) {
        const seen = new Set([start]);
        for (let next = tiers[start]?.betterTier; next; next = tiers[next]?.betterTier) {
          expect(seen).not.toContain(next);
          seen.add(next);
        }
      }
    }
  });

  it('say which languages a model knows, and under which licence', () => {
    for (const { id, languages, languageRequired, license, licenseUrl, attribution } of models) {
      if (id.startsWith(parakeet)) {
        expect(new Set(languages).size).toBe(25);
        expect([languageRequired, license]).toEqual([false, 'CC-BY-4.0']);
        expect(attribution).toContain('NVIDIA');
      }
      if (id.startsWith('cohere')) {
        expect(new Set(languages).size).toBe(14);
        expect([languageRequired, license]).toEqual([true, 'Apache-2.0']);
      }
      if (id !== 'demo-en') expect(licenseUrl).toMatch(/^https:/);
    }
  });
});
