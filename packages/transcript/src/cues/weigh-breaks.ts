// What it costs a reader when the text is broken after a piece: 0 at a sentence end, most inside a phrase.
import { endsClause, endsSentence, endsWithComma, isAbbreviation } from '../punctuation.js';
import { type Piece } from './cue-pieces.js';
import { type FunctionWords, functionWordsOf } from './function-words.js';
import { measureWidth } from './text-width.js';

const COST = {
  sentence: 0,
  clause: 5,
  comma: 9,
  beforeConjunction: 16,
  beforePreposition: 28,
  plain: 36,
  insideName: 48,
  insidePhrase: 64,
  insideWord: 80,
};
/** The reader sees less of what belongs together across cues than across lines. */
const CUE_BREAK_WEIGHT = 1.2;
/** A pause this long is as good a place to break as a sentence end, whatever the words. */
const FULL_PAUSE_MS = 1000;
const NOTICED_PAUSE_MS = 400;
const TURN_PAUSE_MS = 300;
const INSIDE_SENTENCE_END = 14;
const INSIDE_PAUSE_PER_SECOND = 45;

export type WeighedPiece = Piece & {
  /** Cost of breaking a line after this piece. */
  lineBreakCost: number;
  /** Cost of ending a cue after this piece: lower where the speaker pauses. */
  cueBreakCost: number;
  /** Cost of going on in the same cue: where a sentence ends or the speaker pauses. */
  runOnCost: number;
  /** Start of the stretch in which its channel speaks without a pause. */
  turnStartMs: number;
};

/** Weighs the break after every piece, looking at the next piece of the same channel. */
export function weighBreaks(pieces: readonly Piece[], language: string | null): WeighedPiece[] {
  const functionWords = functionWordsOf(language);
  const nextPieces = new Map<number | null, Piece>();
  const breaks = pieces
    .toReversed()
    .map((piece) => {
      const next = nextPieces.get(piece.channel);
      nextPieces.set(piece.channel, piece);
      return { ...piece, ...weigh(piece, next, functionWords) };
    })
    .reverse();

  const turns = new Map<number | null, { startMs: number; endMs: number }>();
  return breaks.map((piece) => {
    const turn = turns.get(piece.channel);
    const goesOn = turn !== undefined && piece.startMs - turn.endMs < TURN_PAUSE_MS;
    const turnStartMs = goesOn ? turn.startMs : piece.startMs;
    turns.set(piece.channel, { startMs: turnStartMs, endMs: piece.endMs });
    return { ...piece, turnStartMs };
  });
}

function weigh(piece: Piece, next: Piece | undefined, functionWords: FunctionWords) {
  if (next === undefined) return { lineBreakCost: 0, cueBreakCost: 0, runOnCost: 0 };
  const pauseMs = next.startMs - piece.endMs;
  const lineBreakCost = weighText(piece.text, next, functionWords);
  const noticedMs = Math.max(0, pauseMs - NOTICED_PAUSE_MS);
  return {
    lineBreakCost,
    cueBreakCost: CUE_BREAK_WEIGHT * lineBreakCost * Math.max(0, 1 - pauseMs / FULL_PAUSE_MS),
    runOnCost:
      (lineBreakCost === COST.sentence ? INSIDE_SENTENCE_END : 0) +
      (noticedMs / 1000) * INSIDE_PAUSE_PER_SECOND,
  };
}

function weighText(text: string, next: Piece, functionWords: FunctionWords): number {
  if (endsSentence(text, next.text)) return COST.sentence;
  if (endsClause(text, next.text)) return COST.clause;
  if (endsWithComma(text)) return COST.comma;
  if (!next.spaceBefore) {
    const narrow = measureWidth(next.text) === Array.from(next.text).length;
    return narrow ? COST.insideWord : COST.plain;
  }
  const { conjunctions, prepositions, leaning } = functionWords;
  const word = bare(text);
  const nextWord = bare(next.text);
  if (leaning.has(word) || conjunctions.has(word) || prepositions.has(word)) {
    return COST.insidePhrase;
  }
  if (isAbbreviation(text, next.text)) return COST.insidePhrase;
  if (conjunctions.has(nextWord)) return COST.beforeConjunction;
  if (prepositions.has(nextWord)) return COST.beforePreposition;
  if (startsUpperCase(text) && startsUpperCase(next.text)) return COST.insideName;
  if (/^\p{Nd}/u.test(text)) return COST.insideName;
  return COST.plain;
}

function bare(text: string): string {
  return text
    .replaceAll('’', "'")
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
    .toLowerCase();
}

function startsUpperCase(text: string): boolean {
  return /^\p{Lu}/u.test(text);
}
