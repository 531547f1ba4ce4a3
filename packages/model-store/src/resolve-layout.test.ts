import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listKnownModels } from './model-catalogue.js';
import { detectLayout, resolveLayout } from './resolve-layout.js';

// docs/models: the layouts in which Parakeet TDT 0.6B v3 has been published, as far as they are known.
const baseListing = [
  '.gitattributes',
  'README.md',
  'config.json',
  'decoder_joint-model.int8.onnx',
  'decoder_joint-model.onnx',
  'encoder-model.int8.onnx',
  'encoder-model.onnx',
  'encoder-model.onnx.data',
  'nemo128.onnx',
  'vocab.txt',
];

const generationA = [
  ...baseListing,
  'encoder-model.fp16.onnx',
  'decoder_joint-model.fp16.onnx',
  'sharded/encoder-model.onnx',
  'sharded/encoder-model.onnx.data.000',
  'sharded/encoder-model.onnx.data.001',
  'scripts/shard-fp32.py',
];

const generationB = [
  'nemo128.onnx',
  'vocab.txt',
  'int8/encoder-model.int8.onnx',
  'int8/decoder_joint-model.int8.onnx',
  'w4a8/encoder-model.w4a8.onnx',
];

const generationC = [
  'README.md',
  'config.json',
  'fp16/encoder-model.fp16.onnx',
  'fp32/decoder_joint-model.onnx',
  'fp32/decoder_joint-model.onnx.data',
  'fp32/encoder-model.onnx',
  'fp32/encoder-model.onnx.data.000',
  'fp32/encoder-model.onnx.data.001',
  'int8/decoder_joint-model.int8.onnx',
  'int8/encoder-model.int8.onnx',
  'istupakov_smoothquant/README.md',
  'istupakov_smoothquant/config.json',
  'istupakov_smoothquant/fp32/decoder_joint-model.onnx',
  'istupakov_smoothquant/fp32/decoder_joint-model.onnx.data',
  'istupakov_smoothquant/fp32/encoder-model.onnx',
  'istupakov_smoothquant/fp32/encoder-model.onnx.data.000',
  'istupakov_smoothquant/fp32/encoder-model.onnx.data.001',
  'istupakov_smoothquant/int8-lite/encoder-model.int8.lite.onnx',
  'istupakov_smoothquant/int8/decoder_joint-model.int8.onnx',
  'istupakov_smoothquant/int8/encoder-model.int8.onnx',
  'istupakov_smoothquant/nemo128.onnx',
  'istupakov_smoothquant/vocab.txt',
  'istupakov_smoothquant/w4a8/encoder-model.w4a8.onnx',
  'nemo128.onnx',
  'scripts/quantize-fp16.py',
  'vocab.txt',
  'w4a8/encoder-model.w4a8.onnx',
];

const common = ['vocab.txt', 'nemo128.onnx', 'config.json'];

function resolvePaths(listing: string[], tier: string, family = 'nemo-tdt'): string[] | undefined {
  return resolveLayout(listing, { family, tier })?.map((file) => file.path);
}

describe('the files of a Parakeet tier', () => {
  it.each([
    ['the base repository', baseListing, 'fp32'],
    ['generation A', generationA, 'fp32'],
  ])('in %s: fp32 with its one sidecar', (_, listing, tier) => {
    expect(resolvePaths(listing, tier)).toEqual([
      'encoder-model.onnx',
      'encoder-model.onnx.data',
      'decoder_joint-model.onnx',
      ...common,
    ]);
  });

  it.each([
    ['the base repository', baseListing],
    ['generation A', generationA],
  ])('in %s: int8 encoder with the fp32 decoder, or the int8 one on request', (_, listing) => {
    const encoder = 'encoder-model.int8.onnx';
    expect(resolvePaths(listing, 'int8')).toEqual([encoder, 'decoder_joint-model.onnx', ...common]);
    expect(resolvePaths(listing, 'int8-full')).toEqual([
      encoder,
      'decoder_joint-model.int8.onnx',
      ...common,
    ]);
  });

  it('in generation A: fp16, and fp32 in shards', () => {
    expect(resolvePaths(generationA, 'fp16')).toEqual([
      'encoder-model.fp16.onnx',
      'decoder_joint-model.fp16.onnx',
      ...common,
    ]);
    expect(resolvePaths(generationA, 'fp32-sharded')).toEqual([
      'sharded/encoder-model.onnx',
      'sharded/encoder-model.onnx.data.000',
      'sharded/encoder-model.onnx.data.001',
      'decoder_joint-model.onnx',
      ...common,
    ]);
  });

  it('in generation B: the int8 decoder, where there is no other', () => {
    const rest = ['int8/decoder_joint-model.int8.onnx', 'vocab.txt', 'nemo128.onnx'];
    expect(resolvePaths(generationB, 'int8')).toEqual(['int8/encoder-model.int8.onnx', ...rest]);
    expect(resolvePaths(generationB, 'w4a8')).toEqual(['w4a8/encoder-model.w4a8.onnx', ...rest]);
    expect(resolvePaths(generationB, 'fp32')).toBeUndefined();
  });

  it('in generation C: never from the second copy, and the fp32 decoder with its sidecar', () => {
    const decoder = ['fp32/decoder_joint-model.onnx', 'fp32/decoder_joint-model.onnx.data'];
    expect(resolvePaths(generationC, 'fp32')).toEqual([
      'fp32/encoder-model.onnx',
      'fp32/encoder-model.onnx.data.000',
      'fp32/encoder-model.onnx.data.001',
      ...decoder,
      ...common,
    ]);
    for (const tier of ['fp16', 'int8', 'w4a8']) {
      const encoder = `${tier}/encoder-model.${tier}.onnx`;
      expect(resolvePaths(generationC, tier)).toEqual([encoder, ...decoder, ...common]);
    }
  });

  it('does not take lite or folded strays for the encoder', () => {
    const strays = generationC
      .filter((path) => path !== 'int8/encoder-model.int8.onnx')
      .concat('int8-lite/encoder-model.int8.lite.onnx', 'encoder-model.int8.folded.onnx');
    expect(resolvePaths(strays, 'int8')).toBeUndefined();
  });

  it('needs an encoder, a decoder and a vocabulary', () => {
    for (const part of [/^encoder-model\.int8/, /decoder_joint/, /vocab/]) {
      const incomplete = baseListing.filter((path) => !part.test(path));
      expect(resolvePaths(incomplete, 'int8')).toBeUndefined();
    }
    expect(resolvePaths(baseListing, 'int2')).toBeUndefined();
  });

  it('takes ".onnx_data" for a sidecar, but no other neighbour', () => {
    const listing = [
      ...['encoder-model.onnx', 'encoder-model.onnx_data', 'encoder-model.onnx.data.bak'],
      ...['decoder_joint-model.onnx', 'tokens.txt'],
    ];
    expect(resolvePaths(listing, 'fp32')).toEqual(listing.filter((path) => !path.endsWith('.bak')));
  });

  it('takes every sidecar from its graph’s own folder, whatever else lies around', () => {
    const folder = fc.constantFrom(
      '',
      'copy/',
      'old/fp32/',
      'istupakov_smoothquant/fp32/',
      'x/int8/',
    );
    const name = fc.constantFrom('encoder-model.onnx.data.000', 'vocab.txt.bak', 'model.onnx', 'a');
    const stray = fc.tuple(folder, name).map(([where, what]) => `${where}${what}`);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(generationC, { minLength: generationC.length }),
        fc.array(stray),
        (listing, strays) => {
          const files = resolvePaths([...strays, ...listing], 'fp32');
          expect(files).toEqual(resolvePaths(generationC, 'fp32'));
        },
      ),
    );
  });
});

describe('the files of a CTC tier', () => {
  const listing = ['model.int8.onnx', 'tokens.txt', 'vocab.txt', 'config.json'];

  it('are one graph and its vocabulary', () => {
    expect(resolveLayout(listing, { family: 'nemo-ctc', tier: 'int8' })).toEqual([
      { role: 'encoder', path: 'model.int8.onnx' },
      { role: 'vocabulary', path: 'vocab.txt' },
      { role: 'config', path: 'config.json' },
    ]);
    expect(resolvePaths(listing, 'fp32', 'nemo-ctc')).toBeUndefined();
  });

  it('may come without vocab.txt, or with a sidecar', () => {
    const large = ['model.onnx', 'model.onnx.data', 'tokens.txt'];
    expect(resolvePaths(large, 'fp32', 'nemo-ctc')).toEqual(large);
  });
});

describe('a folder without model.json', () => {
  it('shows its family and tiers by its files', () => {
    const tdt = detectLayout(generationC);
    expect(tdt?.family).toBe('nemo-tdt');
    expect(Object.keys(tdt?.tiers ?? {})).toEqual(['int8', 'fp32', 'fp16', 'w4a8']);
    const ctc = detectLayout(['model.onnx', 'tokens.txt']);
    expect([ctc?.family, Object.keys(ctc?.tiers ?? {})]).toEqual(['nemo-ctc', ['fp32']]);
    expect(detectLayout(['encoder.onnx', 'decoder.onnx', 'joiner.onnx'])).toBeUndefined();
  });

  it('believes model_type where it is given', () => {
    expect(detectLayout(baseListing, 'nemo-conformer-tdt')?.family).toBe('nemo-tdt');
    expect(detectLayout(baseListing, 'nemo-conformer-rnnt')).toBeUndefined();
  });
});

describe('the shipped manifests', () => {
  const listings: Record<string, string[]> = {
    'demo-en': [
      'config.json',
      'decoder_joint-model.int8.onnx',
      'encoder-model.int8.onnx',
      'model.json',
      'vocab.txt',
    ],
    'parakeet-tdt-0.6b-v3': baseListing,
    'parakeet-tdt-0.6b-v3-smoothquant': generationA,
    'parakeet-tdt-0.6b-v3-compact': generationB,
    'parakeet-tdt-0.6b-v3-optimized': generationC,
  };

  it('name the files that their repository’s listing leads to', async () => {
    const manifests = await listKnownModels();
    expect(manifests.map(({ id }) => id).sort()).toEqual(Object.keys(listings).sort());
    for (const { id, family, tiers } of manifests) {
      for (const [tier, { files }] of Object.entries(tiers)) {
        const resolved = resolveLayout(listings[id] ?? [], { family, tier });
        expect(resolved, `${id}, tier ${tier}`).toBeDefined();
        if (files) expect(files.map(({ role, path }) => ({ role, path }))).toEqual(resolved);
      }
    }
  });

  it('are complete: default tier, pinned commit, sizes with hashes, limits', async () => {
    for (const manifest of await listKnownModels()) {
      expect(Object.keys(manifest.tiers)).toContain(manifest.defaultTier);
      if (!manifest.demo) expect(manifest.source?.revision).toMatch(/^[0-9a-f]{40}$/);
      for (const { files = [], maxSegmentSeconds } of Object.values(manifest.tiers)) {
        expect(maxSegmentSeconds).toBeLessThanOrEqual(60);
        for (const file of files)
          expect(file).toMatchObject({
            bytes: expect.any(Number) as number,
            sha256: expect.any(String) as string,
          });
      }
    }
  });

  it('say of Parakeet: 25 languages, found by the model itself', async () => {
    for (const manifest of await listKnownModels()) {
      if (manifest.demo) continue;
      expect(new Set(manifest.languages).size).toBe(25);
      expect(manifest).toMatchObject({ languageRequired: false, license: 'CC-BY-4.0' });
      expect(manifest.attribution).toContain('NVIDIA');
    }
  });
});
