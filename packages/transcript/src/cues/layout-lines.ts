// Text of one cue on one or two lines.
import { type WeighedPiece } from './weigh-breaks.js';

const TWO_LINES_COST = 3;
const LINE_BREAK_WEIGHT = 0.5;
const IMBALANCE_WEIGHT = 14;
/** Where a sentence ends, unequal lines read well. */
const SENTENCE_IMBALANCE_WEIGHT = 5;
/** A longer upper line hides more of the picture and reads worse than a longer lower one. */
const TOP_HEAVY = 1.25;
const DIALOGUE_DASH = '- ';

/** How a text lies on lines; `lowerStart` is the first piece of the lower line, if there is one. */
export type LinePlan = { lowerStart?: number; cost: number };
type Text = readonly WeighedPiece[];

/** Finds the best line break for one channel's text; undefined when it does not fit. */
export function planLines(pieces: Text, lineWidth: number): LinePlan | undefined {
  const total = widthOf(pieces);
  if (total <= lineWidth) return { cost: 0 };
  if (total > 2 * lineWidth + 1) return undefined;

  let best: LinePlan | undefined;
  let upper = 0;
  let previous: WeighedPiece | undefined;
  for (const [index, piece] of pieces.entries()) {
    if (upper > lineWidth) break;
    const lower = total - upper - (piece.spaceBefore ? 1 : 0);
    if (previous !== undefined && lower <= lineWidth) {
      const cost = weighLines(upper / lineWidth, lower / lineWidth, previous.lineBreakCost);
      if (best === undefined || cost < best.cost) best = { lowerStart: index, cost };
    }
    upper += advance(piece, index);
    previous = piece;
  }
  return best;
}

/** Whether two channels fit in one cue, a line each. */
export function fitsDialogue(upper: Text, lower: Text, lineWidth: number): boolean {
  const room = lineWidth - DIALOGUE_DASH.length;
  return widthOf(upper) <= room && widthOf(lower) <= room;
}

/** Writes out a plan of `planLines`. */
export function writeLines(pieces: Text, { lowerStart }: LinePlan): string[] {
  if (lowerStart === undefined) return [joinPieces(pieces)];
  return [joinPieces(pieces.slice(0, lowerStart)), joinPieces(pieces.slice(lowerStart))];
}

export function writeDialogue(upper: Text, lower: Text): string[] {
  return [upper, lower].map((voice) => DIALOGUE_DASH + joinPieces(voice));
}

/** Width of the pieces on one line: never less than the joined text's. */
export function widthOf(pieces: Text): number {
  let width = 0;
  for (const [index, piece] of pieces.entries()) width += advance(piece, index);
  return width;
}

function advance(piece: WeighedPiece, index: number): number {
  return piece.width + (index > 0 && piece.spaceBefore ? 1 : 0);
}

function weighLines(upper: number, lower: number, breakCost: number): number {
  const imbalance = Math.max((upper - lower) * TOP_HEAVY, lower - upper);
  const imbalanceWeight = breakCost === 0 ? SENTENCE_IMBALANCE_WEIGHT : IMBALANCE_WEIGHT;
  return TWO_LINES_COST + breakCost * LINE_BREAK_WEIGHT + imbalance * imbalanceWeight;
}

function joinPieces(pieces: Text): string {
  return pieces
    .map((piece, index) => (index > 0 && piece.spaceBefore ? ' ' : '') + piece.text)
    .join('');
}
