// Greedy search of a token-and-duration transducer, many segments in lock-step: each step asks the joint about one
// frame of every live segment in one call. A segment's tokens do not depend on its company.

import { Tensor } from 'onnxruntime-node';
import { cancelled } from '../../errors.js';
import { type OnnxSession } from '../../runtime/onnx-session.js';
import { computeArgmax, computeLogSoftmaxAt } from '../../tokens/argmax.js';
import { type Token } from '../../transcript.js';
import { DECODER_JOINT, type TdtShape } from './contract.js';
import { type Encoding } from './encode.js';

const JOINT_OUTPUTS = Object.values(DECODER_JOINT.outputs);

export type TdtSearch = {
  decoderJoint: OnnxSession;
  shape: TdtShape;
  blankId: number;
  maxTokensPerFrame: number;
};

/** Where the search stands in one segment. */
type Row = {
  encoding: Encoding;
  tokens: Token[];
  frame: number;
  lastToken: number;
  /** Tokens emitted on the current frame. */
  emitted: number;
};

/** Recurrent state of the live rows, `[layers, rows, width]`, as the graph takes it. */
type States = { hidden: Float32Array; cell: Float32Array; numRows: number };

/** Tokens of each encoding, in its order. @throws AsrError `CANCELLED` */
export async function decodeTokens(
  encodings: readonly Encoding[],
  search: TdtSearch,
  isCancelled: () => boolean = () => false,
): Promise<Token[][]> {
  const rows = encodings.map<Row>((encoding) => ({
    encoding,
    tokens: [],
    frame: 0,
    lastToken: search.blankId,
    emitted: 0,
  }));
  let live = rows.filter((row) => row.encoding.numFrames > 0);
  let states = createStates(live.length, search.shape);
  while (live.length > 0) {
    if (isCancelled()) throw cancelled();
    const outputs = await runJoint(live, states, search);
    live.forEach((row, index) => {
      if (advance(row, { index, logits: outputs.logits, search })) {
        copyState(outputs, index, { into: states, at: index, shape: search.shape });
      }
    });
    if (live.some(isFinished)) {
      states = keepLiveStates(live, states, search.shape);
      live = live.filter((row) => !isFinished(row));
    }
  }
  return rows.map((row) => row.tokens);
}

function isFinished(row: Row): boolean {
  return row.frame >= row.encoding.numFrames;
}

async function runJoint(
  live: readonly Row[],
  states: States,
  { decoderJoint, shape }: TdtSearch,
): Promise<States & { logits: Float32Array }> {
  const numRows = live.length;
  const width = shape.encoderWidth;
  const frames = new Float32Array(numRows * width);
  live.forEach(({ encoding, frame }, index) => {
    frames.set(encoding.frames.subarray(frame * width, (frame + 1) * width), index * width);
  });
  const stateDims = [shape.stateLayers, numRows, shape.stateWidth];
  const { inputs, outputs } = DECODER_JOINT;
  const targets = Int32Array.from(live, (row) => row.lastToken);
  const results = await decoderJoint.run(
    {
      [inputs.frame]: new Tensor('float32', frames, [numRows, width, 1]),
      [inputs.targets]: new Tensor('int32', targets, [numRows, 1]),
      [inputs.targetLength]: new Tensor('int32', new Int32Array(numRows).fill(1), [numRows]),
      [inputs.hidden]: new Tensor('float32', states.hidden, stateDims),
      [inputs.cell]: new Tensor('float32', states.cell, stateDims),
    },
    JOINT_OUTPUTS,
  );
  return {
    numRows,
    logits: results[outputs.logits]!.data as Float32Array,
    hidden: results[outputs.hidden]!.data as Float32Array,
    cell: results[outputs.cell]!.data as Float32Array,
  };
}

/** Moves one row on by the joint's answer. True if it emitted a token, so that the new state counts. */
function advance(
  row: Row,
  { index, logits, search }: { index: number; logits: Float32Array; search: TdtSearch },
): boolean {
  const { shape, blankId, maxTokensPerFrame } = search;
  const { numTokens, numDurations } = shape;
  const start = index * (numTokens + numDurations);
  const tokenId = computeArgmax(logits, start, numTokens);
  const skip = computeArgmax(logits, start + numTokens, numDurations);
  const isToken = tokenId !== blankId;
  if (isToken) {
    row.tokens.push({
      tokenId,
      startFrame: row.frame,
      // A token with duration 0 still sounds: it gets its frame.
      endFrame: Math.min(row.frame + Math.max(1, skip), row.encoding.numFrames),
      logProbability: computeLogSoftmaxAt(logits, start, { length: numTokens, chosen: tokenId }),
    });
    row.lastToken = tokenId;
    row.emitted += 1;
  }
  if (skip > 0) {
    row.frame += skip;
    row.emitted = 0;
  } else if (!isToken || row.emitted >= maxTokensPerFrame) {
    row.frame += 1;
    row.emitted = 0;
  }
  return isToken;
}

function createStates(numRows: number, { stateLayers, stateWidth }: TdtShape): States {
  const size = stateLayers * numRows * stateWidth;
  return { hidden: new Float32Array(size), cell: new Float32Array(size), numRows };
}

function copyState(
  from: States,
  row: number,
  { into, at, shape }: { into: States; at: number; shape: TdtShape },
): void {
  const width = shape.stateWidth;
  for (let layer = 0; layer < shape.stateLayers; layer++) {
    const source = (layer * from.numRows + row) * width;
    const target = (layer * into.numRows + at) * width;
    into.hidden.set(from.hidden.subarray(source, source + width), target);
    into.cell.set(from.cell.subarray(source, source + width), target);
  }
}

function keepLiveStates(live: readonly Row[], states: States, shape: TdtShape): States {
  const kept = createStates(live.filter((row) => !isFinished(row)).length, shape);
  let at = 0;
  live.forEach((row, index) => {
    if (!isFinished(row)) copyState(states, index, { into: kept, at: at++, shape });
  });
  return kept;
}
