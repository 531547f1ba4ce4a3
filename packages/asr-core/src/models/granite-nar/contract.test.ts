import { describe, expect, it } from 'vitest';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { type GraniteGraphs, parseEmbeddingDivisor, readNumMels } from './contract.js';

describe('the embedding divisor', () => {
  it.each([
    ['is the multiplier', '{"scale_projected_embeddings":true,"embedding_multiplier":10}', 10],
    ['is found in the text part', '{"text_config":{"embedding_multiplier":8}}', 8],
    ["is the published model's, where nothing is said", '{"variant":"nar"}', 12],
    ["is the published model's, without a configuration", undefined, 12],
    ['is 1 if so said', '{"scale_projected_embeddings":false,"embedding_multiplier":10}', 1],
  ])('%s', (_, config, divisor) => {
    expect(parseEmbeddingDivisor(config, 'auto')).toBe(divisor);
  });

  it('is as the switch says', () => {
    const config = '{"scale_projected_embeddings":false,"embedding_multiplier":10}';
    expect(parseEmbeddingDivisor(config, 'always')).toBe(10);
    expect(parseEmbeddingDivisor('{"embedding_multiplier":10}', 'never')).toBe(1);
  });

  it.each(['{', '[]', '{"embedding_multiplier":0}', '{"embedding_multiplier":"12"}'])(
    'cannot be read from %s',
    (config) => {
      expect(() => parseEmbeddingDivisor(config, 'auto')).toThrow(
        expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }),
      );
    },
  );
});

describe('the graphs', () => {
  it('tell the mel bins', () => {
    expect(readNumMels(graphs({}))).toBe(80);
  });

  it('may leave sizes of outputs open', () => {
    expect(readNumMels(graphs({ bpe_logits_dense: 'C', audio_embeds: 'H', logits: 'V' }))).toBe(80);
  });

  it.each<[string, Partial<Names>]>([
    ['an input is missing', { inputNames: ['input_features'] }],
    ['an input is unknown', { inputNames: [...encoderNames.inputNames, 'lengths'] }],
    ['an output is missing', { outputNames: encoderNames.outputNames.slice(1) }],
  ])('are refused where %s', (_, names) => {
    expect(() => readNumMels(graphs({}, names))).toThrow(
      expect.objectContaining({ code: 'MODEL_CONTRACT_MISMATCH' }),
    );
  });

  it.each<[string, Sizes]>([
    ['the draft has no class for the blank', { bpe_logits_dense: 100 }],
    ['a row is no pair of frames', { input_features: 161 }],
    ['the size of a row is open', { input_features: 'F' }],
    ['the embeddings are of another model', { audio_embeds: 33 }],
  ])('are refused where %s', (_, sizes) => {
    expect(() => readNumMels(graphs(sizes))).toThrow(
      expect.objectContaining({ code: 'MODEL_CONTRACT_MISMATCH' }),
    );
  });
});

type Sizes = Partial<Record<string, number | string>>;
type Names = { inputNames: string[]; outputNames: string[] };

const encoderNames: Names = {
  inputNames: ['input_features', 'attention_mask'],
  outputNames: [
    'bpe_logits_dense',
    'bpe_mask',
    'audio_embeds',
    'audio_lengths',
    // For diagnosis, and not needed.
    'char_logits',
  ],
};

/** Graphs whose tensors have these last dimensions. */
function graphs(changed: Sizes, encoder: Partial<Names> = {}): GraniteGraphs {
  const sizes: Sizes = {
    input_features: 160,
    bpe_logits_dense: 101,
    audio_embeds: 32,
    inputs_embeds: 32,
    logits: 100,
    ...changed,
  };
  const shapeOf = (name: string) => [1, 'T', sizes[name]!];
  const createSession = (names: Names) =>
    ({ ...names, inputShape: shapeOf, outputShape: shapeOf }) as unknown as OnnxSession;
  return {
    encoder: createSession({ ...encoderNames, ...encoder }),
    embedTokens: createSession({ inputNames: ['input_ids'], outputNames: ['inputs_embeds'] }),
    editor: createSession({
      inputNames: ['inputs_embeds', 'position_ids', 'attention_mask'],
      outputNames: ['logits'],
    }),
  };
}
