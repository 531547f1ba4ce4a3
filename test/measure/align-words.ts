// Levenshtein alignment of two word sequences with its path: the whole matrix of moves is kept (one byte a cell, so
// 10 MB for a chapter of 3,200 words), the costs only row by row.

/** One step of an alignment; positions count words of the normalised sequences. */
export type AlignmentStep =
  | { kind: 'match' | 'substitution'; reference: number; hypothesis: number }
  | { kind: 'deletion'; reference: number }
  | { kind: 'insertion'; hypothesis: number };

const DIAGONAL = 0;
const DELETION = 1;
const INSERTION = 2;

/** The cheapest way from reference to hypothesis, in order; of equally cheap ones the one with most pairs at its end. */
export function alignWords(
  reference: readonly string[],
  hypothesis: readonly string[],
): AlignmentStep[] {
  return readPath(computeMoves(reference, hypothesis), reference, hypothesis);
}

function computeMoves(reference: readonly string[], hypothesis: readonly string[]): Uint8Array {
  const width = hypothesis.length + 1;
  const moves = new Uint8Array((reference.length + 1) * width).fill(INSERTION, 1, width);
  let above = Uint32Array.from({ length: width }, (_, column) => column);
  let costs = new Uint32Array(width);
  reference.forEach((word, row) => {
    const start = (row + 1) * width;
    costs[0] = row + 1;
    moves[start] = DELETION;
    hypothesis.forEach((heard, column) => {
      const paired = at(above, column) + (word === heard ? 0 : 1);
      const deleted = at(above, column + 1) + 1;
      const inserted = at(costs, column) + 1;
      const best = Math.min(paired, deleted, inserted);
      costs[column + 1] = best;
      moves[start + column + 1] =
        best === paired ? DIAGONAL : best === deleted ? DELETION : INSERTION;
    });
    [above, costs] = [costs, above];
  });
  return moves;
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
    const move = at(moves, row * width + column);
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

/** The loops stay inside the arrays; the fallback is for the compiler. */
function at(values: Uint8Array | Uint32Array, index: number): number {
  return values[index] ?? 0;
}
