// Where the words of a known text lie in CTC log-probabilities: the best path through their lattice (Viterbi).

import { type LogProbabilities } from '../models/nemo-ctc/encode.js';
import { type Lattice, NO_WORD, WILDCARD } from './lattice.js';

/** Frames of a word: from the first of its first piece to the one behind the last of its last piece. */
export type WordFrames = { startFrame: number; endFrame: number };

/**
 * What a wildcard costs, in nats for each frame, more than the frame's best class. Any cost leaves its neighbours where
 * they are (docs/models/alignment.md, "Figures"); without one a path that never leaves it would seem best until the end.
 */
const WILDCARD_COST = 1;
/** Steps that are remembered, one byte each (64 MiB). Beyond, only states near the best one are followed. */
const MAX_STEPS = 2 ** 26;

/**
 * Frames of each word of the lattice; a word without a state of its own (nothing of it can be spelled) has none.
 * Undefined where no path fits: fewer frames than pieces, counting a blank between equal neighbours.
 */
export function forceAlign(
  logProbabilities: LogProbabilities,
  lattice: Lattice,
  { maxSteps = MAX_STEPS }: { maxSteps?: number } = {},
): Map<number, WordFrames> | undefined {
  const path = findBestPath(logProbabilities, lattice, maxSteps);
  if (!path) return undefined;
  const words = new Map<number, WordFrames>();
  path.forEach((state, frame) => {
    const word = lattice.words[state]!;
    if (word === NO_WORD) return;
    const startFrame = words.get(word)?.startFrame ?? frame;
    words.set(word, { startFrame, endFrame: frame + 1 });
  });
  return words;
}

/** State of each frame on the path of the greatest probability. */
function findBestPath(
  { data, numFrames, numClasses }: LogProbabilities,
  { classes, predecessors, finals }: Lattice,
  maxSteps: number,
): Int32Array | undefined {
  if (numFrames === 0) return undefined;
  const numStates = classes.length;
  const bandStates = Math.min(numStates, Math.floor(maxSteps / numFrames));
  /** Which predecessor, counted from 1, each state in the band was entered from; 0: from itself. */
  const steps = new Uint8Array(numFrames * bandStates);
  const bandStarts = new Int32Array(numFrames);
  // State 0 holds the path before its first frame.
  const scores = new Float64Array(numStates).fill(-Infinity);
  scores[0] = 0;
  let bandStart = 0;
  let bestState = 0;
  for (let frame = 0; frame < numFrames; frame++) {
    const row = frame * numClasses;
    const centred = Math.min(bestState - (bandStates >> 1), numStates - bandStates);
    if (centred > bandStart) {
      scores.fill(-Infinity, bandStart, centred);
      bandStart = centred;
    }
    bandStarts[frame] = bandStart;
    const wildcardScore = computeMax(data, row, numClasses) - WILDCARD_COST;
    const offset = frame * bandStates - bandStart;
    let bestScore = -Infinity;
    // Downwards: predecessors still hold the scores of the frame before.
    for (let state = bandStart + bandStates - 1; state >= bandStart; state--) {
      const before = predecessors[state]!;
      let score = scores[state]!;
      let step = 0;
      for (let i = 0; i < before.length; i++) {
        const entering = scores[before[i]!]!;
        if (entering > score) {
          score = entering;
          step = i + 1;
        }
      }
      const classId = classes[state]!;
      score += classId === WILDCARD ? wildcardScore : data[row + classId]!;
      scores[state] = score;
      steps[offset + state] = step;
      if (score > bestScore) {
        bestScore = score;
        bestState = state;
      }
    }
  }
  let state = finals.reduce((a, b) => (scores[b]! > scores[a]! ? b : a));
  if (scores[state] === -Infinity) return undefined;
  const path = new Int32Array(numFrames);
  for (let frame = numFrames - 1; frame >= 0; frame--) {
    path[frame] = state;
    const step = steps[frame * bandStates + state - bandStarts[frame]!]!;
    if (step > 0) state = predecessors[state]![step - 1]!;
  }
  return path;
}

function computeMax(values: Float32Array, start: number, length: number): number {
  let max = -Infinity;
  for (let i = start; i < start + length; i++) max = Math.max(max, values[i]!);
  return max;
}
