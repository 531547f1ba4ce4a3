import { describe, expect, it } from 'vitest';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { parseVocabulary } from '../../tokens/vocabulary.js';
import { parseMaxTokensPerFrame, readTdtShape } from './contract.js';

type Shapes = Record<string, (number | string)[]>;

const encoderShapes: Shapes = { audio_signal: ['B', 128, 'T'], outputs: ['B', 1024, 'T'] };
const decoderShapes: Shapes = {
  encoder_outputs: ['B', 1024, 1],
  input_states_1: [2, 'B', 640],
  outputs: ['B', 1, 1, 8],
};
const vocabulary = parseVocabulary('a 0\nb 1\n<blk> 2\n');

describe('the TDT contract', () => {
  it('reads every size from the graphs and the vocabulary', () => {
    expect(read(encoderShapes, decoderShapes)).toEqual({
      numMels: 128,
      encoderWidth: 1024,
      stateLayers: 2,
      stateWidth: 640,
      numTokens: 3,
      numDurations: 5,
    });
  });

  it.each<[string, Shapes, Shapes]>([
    [
      'encoder and decoder differ in width',
      { ...encoderShapes, outputs: ['B', 512, 'T'] },
      decoderShapes,
    ],
    [
      'no durations follow the tokens',
      encoderShapes,
      { ...decoderShapes, outputs: ['B', 1, 1, 3] },
    ],
    ['a size is left open', encoderShapes, { ...decoderShapes, input_states_1: ['L', 'B', 640] }],
  ])('is broken where %s', (_, encoder, decoder) => {
    expect(() => read(encoder, decoder)).toThrow(
      expect.objectContaining({ code: 'MODEL_CONTRACT_MISMATCH' }),
    );
  });

  it.each([
    [undefined, 10],
    ['{"model_type": "nemo-conformer-tdt"}', 10],
    ['{"max_tokens_per_step": 5}', 5],
  ])('takes the most tokens on a frame from %s', (config, expected) => {
    expect(parseMaxTokensPerFrame(config)).toBe(expected);
  });

  it('refuses a configuration that is none', () => {
    expect(() => parseMaxTokensPerFrame('{')).toThrow(
      expect.objectContaining({ code: 'MODEL_FILE_UNREADABLE' }),
    );
  });
});

function read(encoder: Shapes, decoder: Shapes) {
  return readTdtShape(session(encoder), session(decoder), vocabulary);
}

function session(shapes: Shapes): OnnxSession {
  const shapeOf = (name: string) => shapes[name]!;
  return { inputShape: shapeOf, outputShape: shapeOf } as unknown as OnnxSession;
}
