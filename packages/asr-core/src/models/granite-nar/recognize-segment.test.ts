import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type GraniteFeatureExtractor } from '../../features/granite-features.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { type GraniteModel } from './open-model.js';
import { recognizeSegment } from './recognize-segment.js';
import { type GraniteSwitches } from './switches.js';

const SECOND = 16_000;
const END = 0;
/** Texts of the tokens; the first is the end token. */
const pieces = ['', ' one', ' two', ' three', ' four'];
const VOCABULARY = pieces.length;
const HIDDEN = 2;

describe('a segment', () => {
  it("has the editor's words where its draft heard them, and no remark on what is equal", async () => {
    const { recognize } = createModel({ draft: [2, 0, 0, 3], edited: [1, 2] });
    expect(await recognize(SECOND)).toEqual({
      words: [
        { text: 'one', confidence: closeTo(1), place: place(0, 1_280) },
        { text: 'two', confidence: closeTo(1), place: place(3_840, 5_120) },
      ],
      remarks: [],
    });
  });

  it('is remarked on where the editor changed much', async () => {
    const { recognize } = createModel({ draft: [2, 3, 4], edited: [1, 4, 3] });
    expect((await recognize(SECOND)).remarks).toEqual([
      { kind: 'draft-differs', share: closeTo(1 / 3) },
    ]);
  });

  it('is its draft, remarked on, where the editor leaves nothing', async () => {
    const { recognize } = createModel({ draft: [2, 0, 3], edited: [] });
    expect(await recognize(SECOND)).toMatchObject({
      words: [{ text: 'one' }, { text: 'two' }],
      remarks: [{ kind: 'draft-differs', share: 1 }],
    });
  });

  it('that the editor alone hears something in is remarked on', async () => {
    const { recognize } = createModel({ draft: [0, 0], edited: [1] });
    expect(await recognize(SECOND)).toEqual({
      words: [{ text: 'one', confidence: closeTo(1) }],
      remarks: [{ kind: 'draft-differs', share: 1 }],
    });
  });

  it.each([
    ['shorter than a row', 319, []],
    ['without a row for the editor', 4 * 320, ['encoder']],
  ])('%s has no words and runs only what it must', async (_, length, runs) => {
    const { recognize, ran } = createModel({ draft: [2], edited: [1] });
    expect(await recognize(length)).toEqual({ words: [], remarks: [] });
    expect(ran).toEqual(runs);
  });

  it.each([
    [4 * SECOND, 'shorten', 199],
    [8 * SECOND + 319, 'shorten', 399],
    [4 * SECOND + 320, 'shorten', 201],
    [4 * SECOND, 'keep', 200],
  ] as const)(
    'of %i samples, switched to %s, is heard in %i rows',
    async (length, wholeBlocks, rows) => {
      const { recognize, rowsFed } = createModel({
        draft: [2],
        edited: [1],
        switches: { wholeBlocks },
      });
      await recognize(length);
      expect(rowsFed).toEqual([rows]);
    },
  );

  it.each([
    ['boolean', 'bool'],
    ['numbers', 'float32'],
  ] as const)('counts the draft frames that the mask says, given as %s', async (_, maskType) => {
    const { recognize } = createModel({ draft: [2, 3, 4], edited: [1], maskType, validFrames: 2 });
    // Of two words in the draft, one is gone.
    expect((await recognize(SECOND)).remarks).toEqual([{ kind: 'draft-differs', share: 0.5 }]);
  });

  it.each([
    [1, []],
    [2, ['encoder']],
  ])('is given up between runs, here at look %i', async (lookWithAnswer, runs) => {
    const { recognize, ran } = createModel({ draft: [2], edited: [1] });
    let looks = 0;
    const isCancelled = () => (looks += 1) >= lookWithAnswer;
    await expect(recognize(SECOND, isCancelled)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(ran).toEqual(runs);
  });

  it('is refused where the encoder has another frame rate than the contract', async () => {
    const { recognize } = createModel({ draft: [2], edited: [1], extraFrames: 1 });
    await expect(recognize(SECOND)).rejects.toMatchObject({ code: 'MODEL_CONTRACT_MISMATCH' });
  });

  it('does without the output for diagnosis', async () => {
    const { recognize, outputsAsked } = createModel({ draft: [2], edited: [1] });
    await recognize(SECOND);
    expect(outputsAsked).not.toContain('char_logits');
  });
});

type Script = {
  /** Best class of each of the first draft frames; the rest is blank. */
  draft: readonly number[];
  /** What the editor puts in the slots of the tokens. */
  edited: readonly number[];
  switches?: Partial<GraniteSwitches>;
  maskType?: 'bool' | 'float32';
  validFrames?: number;
  extraFrames?: number;
};

/** A model whose graphs answer as the script says. */
function createModel({
  draft,
  edited,
  switches,
  maskType = 'bool',
  validFrames = Infinity,
  extraFrames = 0,
}: Script) {
  const ran: string[] = [];
  const rowsFed: number[] = [];
  const outputsAsked: string[] = [];
  const createSession = (
    name: string,
    answer: (feeds: Record<string, Tensor>) => Record<string, Tensor>,
  ) =>
    ({
      run(feeds: Record<string, Tensor>, outputs: readonly string[]) {
        ran.push(name);
        outputsAsked.push(...outputs);
        return Promise.resolve(answer(feeds));
      },
    }) as unknown as OnnxSession;

  const encoder = createSession('encoder', ({ input_features }) => {
    const rows = input_features!.dims[1]!;
    rowsFed.push(rows);
    const frames = Math.ceil(rows / 4) + extraFrames;
    const mask = Array.from({ length: frames }, (_, frame) => (frame < validFrames ? 1 : 0));
    const classes = mask.map((_, frame) => draft[frame] ?? 0);
    const audioRows = Math.floor(rows / 5);
    return {
      bpe_logits_dense: logits(classes, VOCABULARY + 1),
      bpe_mask:
        maskType === 'bool'
          ? new Tensor('bool', Uint8Array.from(mask), [1, frames])
          : new Tensor('float32', Float32Array.from(mask), [1, frames]),
      audio_embeds: zeros([1, audioRows + 3, HIDDEN]),
      audio_lengths: new Tensor('int64', BigInt64Array.of(BigInt(audioRows)), [1]),
    };
  });
  const embedTokens = createSession('embedTokens', ({ input_ids }) => ({
    inputs_embeds: zeros([1, input_ids!.dims[1]!, HIDDEN]),
  }));
  const editor = createSession('editor', ({ inputs_embeds }) => {
    const length = inputs_embeds!.dims[1]!;
    const numSlots = Math.max(2 * draft.filter((id) => id > 0).length + 1, 8);
    const slots = Array.from({ length: numSlots }, (_, slot) =>
      slot % 2 === 1 ? (edited[(slot - 1) / 2] ?? END) : END,
    );
    const audio = new Array<number>(length - numSlots).fill(1);
    return { logits: logits([...audio, ...slots], VOCABULARY) };
  });

  const extractor: GraniteFeatureExtractor = {
    computeFeatures({ length }) {
      const numRows = Math.floor(length / 320);
      return { data: new Float32Array(numRows * 4), numRows, validRows: numRows };
    },
  };
  const model: GraniteModel = {
    graphs: { encoder, embedTokens, editor },
    tokenizer: {
      endTokenId: END,
      vocabularySize: VOCABULARY,
      encode: () => [],
      decode: (ids) => ids.map((id) => pieces[id]!).join(''),
    },
    extractor,
    switches: {
      draft: 'direct',
      collapse: true,
      divideEmbeddings: 'auto',
      wholeBlocks: 'shorten',
      ...switches,
    },
    divisor: 12,
  };
  const recognize = (length: number, isCancelled = () => false) =>
    recognizeSegment(model, { samples: new Float32Array(length), isCancelled });
  return { recognize, ran, rowsFed, outputsAsked };
}

/** Logits `[1, rows, classes]` with these best classes, all but certain. */
function logits(best: readonly number[], classes: number): Tensor {
  const data = new Float32Array(best.length * classes);
  best.forEach((id, row) => (data[row * classes + id] = 50));
  return new Tensor('float32', data, [1, best.length, classes]);
}

function zeros(dims: number[]): Tensor {
  return new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims);
}

function place(startSamples: number, endSamples: number) {
  return { startSamples, endSamples, timing: 'aligned' };
}

function closeTo(value: number): number {
  return expect.closeTo(value, 6) as number;
}
