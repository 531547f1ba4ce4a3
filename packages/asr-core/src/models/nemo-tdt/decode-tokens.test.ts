import fc from 'fast-check';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { type TdtSearch, decodeTokens } from './decode-tokens.js';
import { type Encoding } from './encode.js';

const BLANK = 4;
const SHAPE = {
  numMels: 80,
  encoderWidth: 3,
  stateLayers: 2,
  stateWidth: 2,
  numTokens: 5,
  numDurations: 5,
};

describe('greedy TDT search', () => {
  it('emits tokens where they are and skips by the duration head', async () => {
    // Frame 0: token 1 for 2 frames; frame 2: blank for 1; frame 3: token 2 for 4.
    const tokens = await decodeScript([
      [1, 2],
      [0, 0],
      [BLANK, 1],
      [2, 4],
      [0, 0],
    ]);
    expect(tokens).toEqual([
      { tokenId: 1, startFrame: 0, endFrame: 2 },
      { tokenId: 2, startFrame: 3, endFrame: 5 },
    ]);
  });

  it('moves on after a blank of duration 0', async () => {
    expect(
      await decodeScript([
        [BLANK, 0],
        [BLANK, 0],
        [1, 1],
      ]),
    ).toEqual([{ tokenId: 1, startFrame: 2, endFrame: 3 }]);
  });

  it('leaves a frame after the most tokens it may carry', async () => {
    const tokens = await decodeScript(
      [
        [1, 0],
        [2, 1],
      ],
      { maxTokensPerFrame: 3 },
    );
    expect(tokens.map((token) => [token.tokenId, token.startFrame])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [2, 1],
    ]);
  });

  it('gives every token at least one frame, inside the segment', async () => {
    const tokens = await decodeScript([[1, 0]], { maxTokensPerFrame: 2 });
    expect(tokens.every(({ startFrame, endFrame }) => startFrame === 0 && endFrame === 1)).toBe(
      true,
    );
  });

  it('keeps the recurrent state only of tokens, never of blanks', async () => {
    const { search, seenStates } = createSearch();
    await decodeTokens(
      [
        script([
          [BLANK, 1],
          [1, 1],
          [BLANK, 1],
          [2, 1],
        ]),
      ],
      search,
    );
    // The fake adds 2 to its last layer: that grows by the tokens emitted before, not by the calls.
    expect(seenStates).toEqual([0, 0, 2, 2]);
  });

  it('asks for outputs by name and feeds int32 targets', async () => {
    const { search, asked } = createSearch();
    await decodeTokens([script([[1, 1]])], search);
    expect(asked[0]).toEqual(['outputs', 'output_states_1', 'output_states_2']);
  });

  it('finds nothing in a segment without frames, and in no segment', async () => {
    const { search } = createSearch();
    expect(await decodeTokens([script([])], search)).toEqual([[]]);
    expect(await decodeTokens([], search)).toEqual([]);
  });

  it('stops between two calls when cancelled', async () => {
    const { search, asked } = createSearch();
    const cancelAfterTwo = () => asked.length >= 2;
    const endless = script(Array.from({ length: 50 }, () => [1, 1] as const));
    await expect(decodeTokens([endless], search, cancelAfterTwo)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(asked).toHaveLength(2);
  });

  it('finds the same tokens in lock-step as one by one', async () => {
    const frames = fc.array(
      fc.tuple(fc.integer({ min: 0, max: BLANK }), fc.integer({ min: 0, max: 4 })),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { maxLength: 9 }), async (scripts) => {
        const { search } = createSearch({}, { hasMemory: true });
        const together = await decodeTokens(scripts.map(script), search);
        for (const [row, steps] of scripts.entries()) {
          expect(together[row]).toEqual((await decodeTokens([script(steps)], search))[0]);
        }
      }),
    );
  });
});

describe('pitfall 3: other tokens are found by a host that', () => {
  const steps: Step[] = [
    // A blank: what the joint remembers at the beginning (the blank as its target) adds to what is here.
    [0, 1],
    [1, 2],
    [0, 1],
    [BLANK, 0],
    [2, 1],
    [3, 1],
  ];
  const decode = async (search: TdtSearch) => {
    const [tokens] = await decodeTokens([script(steps)], search);
    return tokens!.map(({ tokenId, startFrame }) => [tokenId, startFrame]);
  };

  it.each<[string, (search: TdtSearch) => Partial<TdtSearch>]>([
    [
      'keeps the state of a blank',
      ({ decoderJoint }) => ({ decoderJoint: keepingEveryState(decoderJoint) }),
    ],
    [
      'does not heed the duration head',
      ({ decoderJoint }) => ({ decoderJoint: withoutDurations(decoderJoint) }),
    ],
    [
      'believes in another number of tokens',
      () => ({ shape: { ...SHAPE, numTokens: 4, numDurations: 6 }, blankId: 3 }),
    ],
  ])('%s', async (_, mistake) => {
    const { search } = createSearch({}, { hasMemory: true });
    const right = await decode(search);
    // The same joint gives the same again: what differs below comes from the mistake.
    expect(await decode(search)).toEqual(right);
    expect(await decode({ ...search, ...mistake(search) })).not.toEqual(right);
  });
});

type Run = OnnxSession['run'];

/** As if the host had fed back what came last, whatever was emitted. */
function keepingEveryState(joint: OnnxSession): OnnxSession {
  let last: Awaited<ReturnType<Run>> | undefined;
  return changeRun(joint, async (feeds, outputs) => {
    last = await joint.run(
      {
        ...feeds,
        ...(last && {
          input_states_1: last['output_states_1']!,
          input_states_2: last['output_states_2']!,
        }),
      },
      outputs,
    );
    return last;
  });
}

/** As if the host went on by one frame after a blank, and by none after a token. */
function withoutDurations(joint: OnnxSession): OnnxSession {
  return changeLogits(joint, (logits) => {
    const isBlank = logits[BLANK]! > 0;
    logits.fill(0, SHAPE.numTokens);
    logits[SHAPE.numTokens + (isBlank ? 1 : 0)] = 5;
  });
}

function changeLogits(joint: OnnxSession, change: (logits: Float32Array) => void): OnnxSession {
  return changeRun(joint, async (feeds, names) => {
    const outputs = await joint.run(feeds, names);
    change(outputs['outputs']!.data as Float32Array);
    return outputs;
  });
}

function changeRun(joint: OnnxSession, run: Run): OnnxSession {
  return { ...joint, run };
}

type Step = readonly [tokenId: number, duration: number];

/** An encoding whose frames say which token and duration the fake joint finds there. */
function script(steps: readonly Step[]): Encoding {
  const frames = Float32Array.from(steps.flatMap(([tokenId, duration]) => [tokenId, duration, 0]));
  return { frames, numFrames: steps.length, width: SHAPE.encoderWidth };
}

async function decodeScript(steps: readonly Step[], options: Partial<TdtSearch> = {}) {
  const { search } = createSearch(options);
  const [tokens] = await decodeTokens([script(steps)], search);
  return tokens!.map(({ tokenId, startFrame, endFrame }) => ({ tokenId, startFrame, endFrame }));
}

/** A joint that answers what the frame says; with a memory, what the frame, its target and both of its states say. */
function createSearch(options: Partial<TdtSearch> = {}, { hasMemory = false } = {}) {
  const seenStates: number[] = [];
  const asked: (readonly string[])[] = [];
  const decoderJoint = {
    run(feeds: Record<string, Tensor>, outputs: readonly string[]) {
      asked.push(outputs);
      const frames = feeds['encoder_outputs']!;
      const numRows = frames.dims[0]!;
      expect(feeds['targets']!.type).toBe('int32');
      const hidden = feeds['input_states_1']!;
      const cell = feeds['input_states_2']!;
      seenStates.push(readLastLayer(hidden, 0));
      const size = SHAPE.numTokens + SHAPE.numDurations;
      const logits = new Float32Array(numRows * size);
      for (let row = 0; row < numRows; row++) {
        const [scripted, duration] = (frames.data as Float32Array).subarray(row * 3);
        const target = (feeds['targets']!.data as Int32Array)[row]!;
        const memory = hasMemory
          ? target + readLastLayer(hidden, row) + readLastLayer(cell, row)
          : 0;
        const tokenId = (scripted! + memory) % SHAPE.numTokens;
        logits[row * size + tokenId] = 5;
        logits[row * size + SHAPE.numTokens + duration!] = 5;
      }
      // Layers grow at different speeds, so that a mix-up of layers shows as well as one of rows.
      const grown = (tensor: Tensor) =>
        new Tensor(
          'float32',
          (tensor.data as Float32Array).map(
            (value, i) => value + 1 + Math.floor((i * SHAPE.stateLayers) / tensor.size),
          ),
          tensor.dims,
        );
      return Promise.resolve({
        outputs: new Tensor('float32', logits, [numRows, 1, 1, size]),
        output_states_1: grown(hidden),
        output_states_2: grown(cell),
      });
    },
  } as unknown as OnnxSession;
  const search = { decoderJoint, shape: SHAPE, blankId: BLANK, maxTokensPerFrame: 10, ...options };
  return { search, seenStates, asked };
}

/** Number in the last layer of a row's state, `[layers, rows, width]`. */
function readLastLayer(state: Tensor, row: number): number {
  const numRows = state.dims[1]!;
  const at = ((SHAPE.stateLayers - 1) * numRows + row) * SHAPE.stateWidth;
  return (state.data as Float32Array)[at]!;
}
