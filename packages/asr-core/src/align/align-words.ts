// Levenshtein alignment of two word sequences with its path. Of a piece small enough the whole matrix of moves is kept, one
// byte a cell, and the costs row by row; a larger one is cut where a cheapest path crosses its middle row (Hirschberg).

/** One step of an alignment; positions count words of the sequences as given. */
export type AlignmentStep =
  | { kind: 'match' | 'substitution'; reference: number; hypothesis: number }
  | { kind: 'deletion'; reference: number }
  | { kind: 'insertion'; hypothesis: number };

const DIAGONAL = 0;
const DELETION = 1;
const INSERTION = 2;

/** Both sequences of a chapter (3,200 words) fit. */
const MAX_MATRIX_CELLS = 2 ** 24;

/**
 * The cheapest way from reference to hypothesis, in order; of equally cheap ones the one with most pairs at its end. Words
 * are compared as they are: see {@link toComparableWord}.
 */
export function alignWords(
  reference: readonly string[],
  hypothesis: readonly string[],
  { maxMatrixCells = MAX_MATRIX_CELLS }: { maxMatrixCells?: number } = {},
): AlignmentStep[] {
  const cells = (reference.length + 1) * (hypothesis.length + 1);
  if (cells <= maxMatrixCells || reference.length < 2) {
    return readPath(computeMoves(reference, hypothesis), reference, hypothesis);
  }
  const middle = reference.length >> 1;
  const cut = findCut(reference, hypothesis, middle);
  const before = alignWords(reference.slice(0, middle), hypothesis.slice(0, cut), {
    maxMatrixCells,
  });
  const after = alignWords(reference.slice(middle), hypothesis.slice(cut), { maxMatrixCells });
  return [...before, ...after.map((step) => shift(step, { reference: middle, hypothesis: cut }))];
}

/** A word as it is compared: lower case, letters and digits only; what has none stays as it is. */
export function toComparableWord(word: string): string {
  const lower = word.toLowerCase();
  const bare = lower.replace(/[^\p{L}\p{M}\p{N}]/gu, '');
  return bare === '' ? lower : bare;
}

function computeMoves(reference: readonly string[], hypothesis: readonly string[]): Uint8Array {
  const width = hypothesis.length + 1;
  const moves = new Uint8Array((reference.length + 1) * width).fill(INSERTION, 1, width);
  computeLastCosts(reference, hypothesis, (row, column, move) => {
    moves[row * width + column] = move;
  });
  return moves;
}

/** Costs of the whole reference against each beginning of the hypothesis, `[hypothesis.length + 1]`. */
function computeLastCosts(
  reference: readonly string[],
  hypothesis: readonly string[],
  onMove?: (row: number, column: number, move: number) => void,
): Uint32Array {
  let above = Uint32Array.from({ length: hypothesis.length + 1 }, (_, column) => column);
  let costs = new Uint32Array(hypothesis.length + 1);
  for (let row = 1; row <= reference.length; row++) {
    costs[0] = row;
    onMove?.(row, 0, DELETION);
    for (let column = 1; column <= hypothesis.length; column++) {
      const isMatch = reference[row - 1] === hypothesis[column - 1];
      const paired = above[column - 1]! + (isMatch ? 0 : 1);
      const deleted = above[column]! + 1;
      const best = Math.min(paired, deleted, costs[column - 1]! + 1);
      costs[column] = best;
      onMove?.(row, column, best === paired ? DIAGONAL : best === deleted ? DELETION : INSERTION);
    }
    [above, costs] = [costs, above];
  }
  return above;
}

/** Words of the hypothesis that stand before the middle of the reference on a cheapest path. */
function findCut(
  reference: readonly string[],
  hypothesis: readonly string[],
  middle: number,
): number {
  const before = computeLastCosts(reference.slice(0, middle), hypothesis);
  const after = computeLastCosts(reference.slice(middle).reverse(), [...hypothesis].reverse());
  let cut = 0;
  let best = Infinity;
  for (let column = 0; column <= hypothesis.length; column++) {
    const cost = before[column]! + after[hypothesis.length - column]!;
    if (cost < best) [cut, best] = [column, cost];
  }
  return cut;
}

function readPath(
  moves: Uint8Array,
  reference: readonly string[],
  hypothesis: readonly string[],
): AlignmentStep[] {
  const width = hypothesis.length + 1;
  const steps: AlignmentStep[] = [];
  let row = reference.length;
  let column = hypothesis.length;
  while (row > 0 || column > 0) {
    const move = moves[row * width + column]!;
    if (move !== INSERTION) row -= 1;
    if (move !== DELETION) column -= 1;
    if (move === DELETION) steps.push({ kind: 'deletion', reference: row });
    else if (move === INSERTION) steps.push({ kind: 'insertion', hypothesis: column });
    else {
      const kind = reference[row] === hypothesis[column] ? 'match' : 'substitution';
      steps.push({ kind, reference: row, hypothesis: column });
    }
  }
  return steps.reverse();
}

function shift(step: AlignmentStep, by: { reference: number; hypothesis: number }): AlignmentStep {
  return {
    ...step,
    ...('reference' in step && { reference: step.reference + by.reference }),
    ...('hypothesis' in step && { hypothesis: step.hypothesis + by.hypothesis }),
  };
}
