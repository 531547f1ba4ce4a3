import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

  it('pitfall 10: in generation C never from the second copy, and the fp32 decoder with its sidecar', () => {
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
    expect(tdt?.layout.family).toBe('nemo-tdt');
    expect(Object.keys(tdt?.tiers ?? {})).toEqual(['int8', 'fp32', 'fp16', 'w4a8']);
    const ctc = detectLayout(['model.onnx', 'tokens.txt']);
    expect([ctc?.layout.family, Object.keys(ctc?.tiers ?? {})]).toEqual(['nemo-ctc', ['fp32']]);
    expect(detectLayout(['encoder.onnx', 'decoder.onnx', 'joiner.onnx'])).toBeUndefined();
  });

  it('believes model_type where it is given', () => {
    expect(detectLayout(baseListing, 'nemo-conformer-tdt')?.layout.family).toBe('nemo-tdt');
    expect(detectLayout(baseListing, 'nemo-conformer-rnnt')).toBeUndefined();
  });
});

describe('the files of a Cohere tier', () => {
  const waveform = [
    ...['cohere-decoder.int8.onnx', 'cohere-decoder.int8.onnx.data'],
    ...['cohere-encoder.int8.onnx', 'cohere-encoder.int8.onnx.data', 'tokens.txt'],
  ];
  const mel = [
    ...['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'],
    ...['', '_fp16', '_q4'].flatMap((suffix) => [
      `onnx/decoder_model_merged${suffix}.onnx`,
      `onnx/decoder_model_merged${suffix}.onnx_data`,
      `onnx/encoder_model${suffix}.onnx`,
      `onnx/encoder_model${suffix}.onnx_data`,
      `onnx/encoder_model${suffix}.onnx_data_1`,
    ]),
  ];

  it('are a waveform encoder, a decoder and tokens.txt, with the sidecars there are', () => {
    const resolve = (paths: string[], tier: string) =>
      resolveLayout(paths, { family: 'cohere', tier });
    expect(resolve(waveform, 'int8')).toEqual([
      { role: 'encoder', path: 'cohere-encoder.int8.onnx' },
      { role: 'encoder-data', path: 'cohere-encoder.int8.onnx.data' },
      { role: 'decoder', path: 'cohere-decoder.int8.onnx' },
      { role: 'decoder-data', path: 'cohere-decoder.int8.onnx.data' },
      { role: 'vocabulary', path: 'tokens.txt' },
    ]);
    const single = waveform.filter((path) => path !== 'cohere-decoder.int8.onnx.data');
    expect(resolve(single, 'int8-dynamic')?.map(({ role }) => role)).toEqual([
      'encoder',
      'encoder-data',
      'decoder',
      'vocabulary',
    ]);
    expect(resolve(waveform, 'int4')).toBeUndefined();
  });

  it('are in onnx/ where a mel encoder goes with a merged decoder', () => {
    expect(resolveLayout(mel, { family: 'cohere', tier: 'q4' })).toEqual([
      { role: 'encoder', path: 'onnx/encoder_model_q4.onnx' },
      { role: 'encoder-data', path: 'onnx/encoder_model_q4.onnx_data' },
      { role: 'encoder-data', path: 'onnx/encoder_model_q4.onnx_data_1' },
      { role: 'decoder', path: 'onnx/decoder_model_merged_q4.onnx' },
      { role: 'decoder-data', path: 'onnx/decoder_model_merged_q4.onnx_data' },
      { role: 'tokenizer', path: 'tokenizer.json' },
      { role: 'tokenizer-config', path: 'tokenizer_config.json' },
      { role: 'config', path: 'config.json' },
    ]);
    expect(resolvePaths(mel, 'q4f16', 'cohere')).toBeUndefined();
  });

  it('show the family, but int8 rather than int8-dynamic: their names are the same', () => {
    expect(Object.keys(detectLayout(waveform)?.tiers ?? {})).toEqual(['int8']);
    expect(detectLayout(mel)).toMatchObject({ layout: { family: 'cohere' } });
    expect(Object.keys(detectLayout(mel)?.tiers ?? {})).toEqual(['fp32', 'fp16', 'q4']);
  });
});

describe('the files of a Granite tier', () => {
  const graphs = ['encoder', 'embed_tokens', 'editor'];
  const shared = ['granite_export_metadata.json', 'tokenizer.json', 'tokenizer_config.json'];
  const listing = [
    ...['fp32', 'int8', 'fp16w'].flatMap((tier) =>
      graphs.flatMap((name) => [`${tier}/${name}.onnx`, `${tier}/${name}.onnx_data`]),
    ),
    ...shared,
    ...['preprocessor_config.json', 'test_fixtures/sample_audio.wav'],
  ];

  it('are three graphs in its folder, and the tokenizer that all tiers share', () => {
    expect(resolveLayout(listing, { family: 'granite-nar', tier: 'int8' })).toEqual([
      { role: 'encoder', path: 'int8/encoder.onnx' },
      { role: 'encoder-data', path: 'int8/encoder.onnx_data' },
      { role: 'embed-tokens', path: 'int8/embed_tokens.onnx' },
      { role: 'embed-tokens-data', path: 'int8/embed_tokens.onnx_data' },
      { role: 'editor', path: 'int8/editor.onnx' },
      { role: 'editor-data', path: 'int8/editor.onnx_data' },
      { role: 'tokenizer', path: 'tokenizer.json' },
      { role: 'tokenizer-config', path: 'tokenizer_config.json' },
      { role: 'config', path: 'granite_export_metadata.json' },
    ]);
    expect(Object.keys(detectLayout(listing)?.tiers ?? {})).toEqual(['fp16w', 'int8', 'fp32']);
  });

  it('need every graph and the tokenizer', () => {
    for (const part of ['fp32/editor.onnx', 'fp32/embed_tokens.onnx', 'tokenizer.json']) {
      const incomplete = listing.filter((path) => path !== part);
      expect(resolvePaths(incomplete, 'fp32', 'granite-nar')).toBeUndefined();
    }
  });
});
