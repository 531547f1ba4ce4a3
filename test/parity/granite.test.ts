import { readFileSync } from 'node:fs';
import { loadRecognizer } from '@stenofleet/asr-core';
import {
  type GraniteDecoding,
  type GraniteFeatures,
  type GraniteModel,
  decodeFeatures,
  encode,
  openGraniteModel,
} from '@stenofleet/asr-core/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EncoderCheck,
  type GoldenCase,
  type SeenTensor,
  type TensorCheck,
  audioOf,
  describeModel,
  golden,
  granitePath,
  hasGolden,
  need,
  needsReference,
  noteOutputs,
  padFeatures,
  readFeatures,
  readFloats,
  switchesOf,
  tiers,
} from './granite-reference.js';

const { dims, tolerance, audio, cases } = golden;
const caseRows = cases.map((expected): [string, GoldenCase] => [
  `${expected.audio}, ${expected.mode}, ${expected.padding_rows} rows of padding`,
  expected,
]);

describe.skipIf(!hasGolden)(`Granite's golden results${needsReference}`, () => {
  describe.each(tiers)('in tier %s', (tier) => {
    const models = new Map<string, GraniteModel>();
    const modelOf = ({ mode }: Pick<GoldenCase, 'mode'>): GraniteModel => need(models.get(mode));
    const anyModel = (): GraniteModel => modelOf({ mode: 'direct' });
    beforeAll(async () => {
      for (const mode of ['round_trip', 'direct'] as const) {
        models.set(mode, await openGraniteModel(describeModel(tier, switchesOf({ mode }))));
      }
    });
    afterAll(async () => {
      for (const { graphs } of models.values()) {
        for (const session of Object.values(graphs)) await session.close();
      }
    });

    it('sizes, end token and multiplier are read from graphs and files', () => {
      const { graphs, tokenizer, divisor } = anyModel();
      expect(graphs.editor.outputShape('logits').at(-1)).toBe(dims.vocabulary);
      expect(graphs.encoder.outputShape('bpe_logits_dense').at(-1)).toBe(dims.ctc_classes);
      expect(graphs.editor.inputShape('inputs_embeds').at(-1)).toBe(dims.hidden);
      expect(tokenizer.endTokenId).toBe(dims.end_of_text);
      expect(tokenizer.vocabularySize).toBeLessThanOrEqual(dims.vocabulary);
      const metadata = readFileSync(granitePath('granite_export_metadata.json'), 'utf8');
      const { scale_projected_embeddings: isScaled } = JSON.parse(metadata) as {
        scale_projected_embeddings?: boolean;
      };
      expect(divisor).toBe(isScaled === false ? 1 : dims.embedding_multiplier);
      for (const id of dims.special_ids) expect(tokenizer.decode([id])).toBe('');
    });

    it.each(audio.map((expected) => [expected.name, expected] as const))(
      'features of %s are within their tolerances',
      (_, { file, features }) => {
        const { data, numRows, validRows } = anyModel().extractor.computeFeatures(readFloats(file));
        const [rows, width] = features.shape as [number, number];
        expect([validRows, data.length]).toEqual([rows, numRows * width]);
        if (rows === 0) return;
        expectClose(data, readFloats(features.file), featuresTolerance());
        expectTensor({ dims: features.shape, data }, features, featuresTolerance());
        const maximum = largest(data);
        const minimum = -largest(data.map((value) => -value));
        const summary = [sum(data) / data.length, minimum, maximum, 4 * (maximum - 1)];
        const { mean, min, max, global_max } = features;
        expectClose(summary, [mean, min, max, global_max], featuresTolerance());
      },
    );

    it.each(caseRows)('%s: draft, slots, edited ids and text are equal', async (_, expected) => {
      const model = modelOf(expected);
      const { decoding, seen, encodedText } = await decode(model, ownFeatures(model, expected));
      expectEncoder(seen, expected, tolerance.encoder_abs);

      const { draft, draftFrames, audioRows } = decoding.encoding;
      expect(draftFrames).toHaveLength(expected.bpe_valid);
      expect(audioRows).toBe(expected.audio_rows);
      expect([...draft.ids]).toEqual(expected.draft_classes);
      expectClose(draft.logProbabilities, expected.draft_logprobs, {
        abs: tolerance.logprob_abs,
      });
      const draftIds = decoding.draft.map(({ tokenId }) => tokenId);
      expect(draftIds).toEqual(expected.draft_ids);
      expect(decoding.draft.map(({ startFrame }) => startFrame)).toEqual(expected.draft_frames);
      const draftText = model.tokenizer.decode(draftIds);
      expect(draftText).toBe(expected.draft_decoded);
      expect(encodedText ?? draftText).toBe(expected.draft_text);

      expect(decoding.editorInput).toEqual(expected.editor_input_ids);
      expect(decoding.slots).toEqual(expected.slots);
      expect([...decoding.edited.ids]).toEqual(expected.editor_argmax);
      expectClose(decoding.edited.logProbabilities, expected.editor_argmax_logprobs, {
        abs: tolerance.logprob_abs,
      });
      expectTensor(textLogits(seen, decoding), expected.editor_logits, {
        abs: tolerance.logit_abs,
      });
      const gap = Math.min(
        ...topGaps(need(seen.get('bpe_logits_dense')), draftFrames),
        ...topGaps(textLogits(seen, decoding), decoding.slots.keys()),
      );
      expect(Math.abs(gap - expected.min_top2_gap)).toBeLessThanOrEqual(
        2 * Math.max(tolerance.logit_abs, tolerance.encoder_abs),
      );
      expect(decoding.tokens.map(({ tokenId }) => tokenId)).toEqual(expected.final_ids);
      expect(textOf(model, decoding)).toBe(expected.text);
    });

    it.each(caseRows)('%s: the stored features give the same, closer', async (_, expected) => {
      const model = modelOf(expected);
      const stored = padFeatures(readFeatures(audioOf(expected)), expected.padding_rows);
      const { decoding, seen } = await decode(model, stored);
      const abs = tolerance.with_given_features_abs;
      expectEncoder(seen, expected, abs);
      expectTensor(textLogits(seen, decoding), expected.editor_logits, { abs });
      expectClose(decoding.encoding.draft.logProbabilities, expected.draft_logprobs, { abs });
      expectClose(decoding.edited.logProbabilities, expected.editor_argmax_logprobs, { abs });
      expect(textOf(model, decoding)).toBe(expected.text);
    });

    it.each(caseRows)('%s: so does the switch that keeps repetitions', async (_, expected) => {
      const model = modelOf(expected);
      const keeping = { ...model, switches: { ...model.switches, collapse: false } };
      const { decoding } = await decode(keeping, ownFeatures(model, expected));
      expect(decoding.tokens.map(({ tokenId }) => tokenId)).toEqual(
        expected.without_collapse.final_ids,
      );
      expect(textOf(model, decoding)).toBe(expected.without_collapse.text);
    });

    it.each(
      audio.flatMap(({ name, file, encoder_only }) =>
        encoder_only ? [[name, file, encoder_only] as const] : [],
      ),
    )('%s gives encoder values, but no text', async (_, file, expected) => {
      const model = anyModel();
      const seen = new Map<string, SeenTensor>();
      const features = model.extractor.computeFeatures(readFloats(file));
      const { draftFrames, audioRows } = await encode(
        noteOutputs(model.graphs.encoder, seen),
        features,
      );
      expectEncoder(seen, expected, tolerance.encoder_abs);
      expect([draftFrames.length, audioRows]).toEqual([expected.bpe_valid, expected.audio_rows]);
      expect(await decodeFeatures(model, features)).toBeUndefined();
    });

    it('the four published fixtures are met', async () => {
      const { extractor, graphs } = anyModel();
      const samples = readPcmWav('test_fixtures/sample_audio.wav');
      const features = extractor.computeFeatures(samples);
      const expected = readNpy('test_fixtures/expected_input_features.npy');
      expect([1, features.numRows, features.data.length / features.numRows]).toEqual(expected.dims);
      expectClose(features.data, expected.data, featuresTolerance());
      const mask = readNpy('test_fixtures/expected_attention_mask.npy');
      expect(mask.dims).toEqual([1, features.numRows]);
      expect([...mask.data].every((value) => value === 1)).toBe(true);

      const embeds = readNpy('test_fixtures/expected_audio_embeds.npy');
      const stored = { ...features, data: Float32Array.from(expected.data) };
      for (const [given, abs] of [
        [features, tolerance.encoder_abs],
        [stored, tolerance.with_given_features_abs],
      ] as const) {
        const seen = new Map<string, SeenTensor>();
        await encode(noteOutputs(graphs.encoder, seen), given);
        expect(need(seen.get('audio_embeds')).dims).toEqual(embeds.dims);
        expectClose(need(seen.get('audio_embeds')).data, embeds.data, { abs });
      }
    });

    it.each(['round_trip', 'direct'] as const)(
      'loaded as a recognizer in mode %s, it hears the same words, in order and inside the audio',
      async (mode) => {
        const recognizer = await loadRecognizer(describeModel(tier, switchesOf({ mode })));
        for (const expected of cases) {
          if (expected.mode !== mode || expected.padding_rows > 0) continue;
          const samples = readFloats(audioOf(expected).file);
          const [heard] = await recognizer.recognize([{ samples }]);
          // Where the editor leaves nothing, the draft is the text.
          const text = expected.text === '' ? expected.draft_decoded : expected.text;
          const words = need(heard).words.map((word) => word.text);
          expect(words.join('').replaceAll(/\s+/gu, '')).toBe(text.replaceAll(/\s+/gu, ''));
          const edges = need(heard).words.flatMap(({ place }) =>
            place ? [place.startSamples, place.endSamples] : [],
          );
          expect(edges).toEqual(edges.toSorted((a, b) => a - b));
          expect(edges.every((edge) => edge >= 0 && edge <= samples.length)).toBe(true);
        }
        await recognizer.close();
      },
    );
  });

  describe('the tokenizer', () => {
    let model: GraniteModel;
    beforeAll(async () => {
      model = await openGraniteModel(describeModel(need(tiers[0])));
    });

    it.each(golden.tokenizer_cases.map(({ text, ids }) => [text, ids] as const))(
      'makes the ids of %j, and the text of them',
      (text, ids) => {
        expect(model.tokenizer.encode(text)).toEqual(ids);
        if (ids.some((id) => dims.special_ids.includes(id))) return;
        expect(model.tokenizer.decode(ids)).toBe(text);
      },
    );

    it.each(golden.detokenise_cases.map(({ ids, text }) => [ids, text] as const))(
      'makes text of %j',
      (ids, text) => {
        expect(model.tokenizer.decode(ids)).toBe(text);
      },
    );
  });

  function featuresTolerance() {
    return { abs: tolerance.features_abs, rel: tolerance.features_rel };
  }

  function expectEncoder(
    seen: ReadonlyMap<string, SeenTensor>,
    expected: EncoderCheck,
    abs: number,
  ): void {
    expect(need(seen.get('bpe_mask')).data).toHaveLength(expected.bpe_frames);
    expectTensor(need(seen.get('bpe_logits_dense')), expected.bpe_logits, { abs });
    expectTensor(need(seen.get('audio_embeds')), expected.audio_embeds, { abs });
    expectTensor(need(seen.get('char_logits')), expected.char_logits, { abs });
  }

  function expectTensor(
    actual: SeenTensor,
    expected: TensorCheck,
    within: { abs: number; rel?: number },
  ): void {
    expect(actual.dims).toEqual(expected.shape);
    const values = expected.flat_index.map((index) => Number(actual.data[index]));
    expectClose(values, expected.value, within);
    const limit = tolerance.sum_rel * expected.abs_sum;
    const numbers = Array.from(actual.data, Number);
    expect(Math.abs(sum(numbers) - expected.sum)).toBeLessThanOrEqual(limit);
    expect(Math.abs(sum(numbers.map(Math.abs)) - expected.abs_sum)).toBeLessThanOrEqual(limit);
  }
});

function ownFeatures(model: GraniteModel, expected: GoldenCase): GraniteFeatures {
  const features = model.extractor.computeFeatures(readFloats(audioOf(expected).file));
  expect(features.numRows).toBe(expected.rows);
  return padFeatures(features, expected.padding_rows);
}

/** Everything on the way from features to tokens; `encodedText` is what the draft's round trip tokenized. */
async function decode(model: GraniteModel, features: GraniteFeatures) {
  const seen = new Map<string, SeenTensor>();
  let encodedText: string | undefined;
  const decoding = await decodeFeatures(
    {
      ...model,
      graphs: {
        encoder: noteOutputs(model.graphs.encoder, seen),
        embedTokens: model.graphs.embedTokens,
        editor: noteOutputs(model.graphs.editor, seen),
      },
      tokenizer: {
        ...model.tokenizer,
        encode(text) {
          encodedText = text;
          return model.tokenizer.encode(text);
        },
      },
    },
    features,
  );
  return { decoding: need(decoding), seen, encodedText };
}

function textOf({ tokenizer }: GraniteModel, { tokens }: GraniteDecoding): string {
  return tokenizer.decode(tokens.map(({ tokenId }) => tokenId)).trim();
}

/** The editor's logits of the slots, `[slots, vocabulary]`. */
function textLogits(
  seen: ReadonlyMap<string, SeenTensor>,
  { encoding, slots }: GraniteDecoding,
): SeenTensor {
  const { dims, data } = need(seen.get('logits'));
  const width = need(dims.at(-1));
  return {
    dims: [slots.length, width],
    data: (data as Float32Array).subarray(encoding.audioRows * width),
  };
}

/** Of each of these rows, how far the best class leads. */
function topGaps({ dims, data }: SeenTensor, rows: Iterable<number>): number[] {
  const width = need(dims.at(-1));
  return Array.from(rows, (row) => {
    const [best, next] = (data as Float32Array)
      .slice(row * width, (row + 1) * width)
      .sort((a, b) => b - a);
    return need(best) - need(next);
  });
}

function expectClose(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
  { abs, rel = 0 }: { abs: number; rel?: number },
): void {
  expect(actual).toHaveLength(expected.length);
  const excess = Array.from(expected, (value, i) => {
    const difference = Math.abs(Number(actual[i]) - Number(value));
    return difference - abs - rel * Math.abs(Number(value));
  });
  expect(largest(excess)).toBeLessThanOrEqual(0);
}

/** Of none it is −∞. */
function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, value), -Infinity);
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

/** The samples of a PCM16 mono file, −1…1. */
function readPcmWav(file: string): Float32Array {
  const bytes = readFileSync(granitePath(file));
  const start = bytes.indexOf('data') + 8;
  const length = bytes.readUInt32LE(start - 4) / 2;
  return Float32Array.from({ length }, (_, i) => bytes.readInt16LE(start + 2 * i) / 32_768);
}

/** NumPy's format, version 1, little-endian, row-major. */
function readNpy(file: string): { dims: number[]; data: number[] } {
  const bytes = readFileSync(granitePath(file));
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const kind = /'descr': '<(f4|i8)'/u.exec(header)?.[1];
  const shape = need(/'shape': \(([^)]*)\)/u.exec(header)?.[1]);
  const dims = shape.split(',').filter((size) => size.trim() !== '');
  const step = kind === 'f4' ? 4 : 8;
  const data = Array.from({ length: (bytes.length - start) / step }, (_, i) =>
    kind === 'f4' ? bytes.readFloatLE(start + 4 * i) : Number(bytes.readBigInt64LE(start + 8 * i)),
  );
  return { dims: dims.map(Number), data };
}
