// Pieces → words. Rules and their sources: docs/models/nemo.md, "Words and times".

import { type Piece, type SegmentWord, type WordPlace } from '../recognizer.js';

/** SentencePiece's mark for the space before a piece. */
export const WORD_START = '\u2581';
const ONLY_PUNCTUATION = /^\p{P}+$/u;
/** Marks that stand directly behind a word; opening marks (¿ ¡ « „ ( [) begin one. */
const ONLY_CLOSING_MARKS = /^[\p{Pe}\p{Pf}.,!?;:%…'"。，、！？；：-]+$/u;

/** The frames of one segment. */
export type SegmentFrames = {
  samplesPerFrame: number;
  /** Length of the segment's audio: no word ends later. */
  lengthSamples: number;
};

/** A word whose place the model told. */
export type PlacedWord = SegmentWord & { place: WordPlace };

type OpenWord = { text: string; pieces: Piece[] };

/** Words of one segment in order, monotonic and inside the segment. */
export function computeWords(pieces: readonly Piece[], frames: SegmentFrames): PlacedWord[] {
  const words = groupPieces(snapPunctuation(pieces)).map((word) => toWord(word, frames));
  for (let i = 1; i < words.length; i++) {
    const previous = words[i - 1]!.place;
    const word = words[i]!.place;
    word.startSamples = Math.max(word.startSamples, previous.startSamples);
    word.endSamples = Math.max(word.endSamples, word.startSamples);
    previous.endSamples = Math.min(previous.endSamples, word.startSamples);
  }
  return words;
}

/** Punctuation is often emitted long after its word: it takes the end of what precedes it. */
function snapPunctuation(pieces: readonly Piece[]): Piece[] {
  const snapped: Piece[] = [];
  for (const piece of pieces) {
    const previous = snapped.at(-1);
    snapped.push(
      previous && isMark(piece)
        ? { ...piece, startFrame: previous.endFrame, endFrame: previous.endFrame }
        : piece,
    );
  }
  return snapped;
}

function isMark(piece: Piece): boolean {
  return ONLY_PUNCTUATION.test(piece.text.replace(WORD_START, ''));
}

function groupPieces(pieces: readonly Piece[]): OpenWord[] {
  const words: OpenWord[] = [];
  for (const piece of pieces) {
    const startsWord = piece.text.startsWith(WORD_START);
    const text = piece.text.replaceAll(WORD_START, ' ').trimStart();
    const current = words.at(-1);
    if (current && (!startsWord || ONLY_CLOSING_MARKS.test(text))) {
      current.text += text;
      current.pieces.push(piece);
    } else {
      words.push({ text, pieces: [piece] });
    }
  }
  return joinDetachedMarks(words).filter((word) => word.text !== '');
}

/** A lone space piece followed by a closing mark is no word of its own: the mark goes to the word before it. */
function joinDetachedMarks(words: readonly OpenWord[]): OpenWord[] {
  const joined: OpenWord[] = [];
  for (const word of words) {
    const previous = joined.at(-1);
    if (previous && ONLY_CLOSING_MARKS.test(word.text)) {
      previous.text += word.text;
      previous.pieces.push(...word.pieces);
    } else {
      joined.push(word);
    }
  }
  return joined;
}

function toWord(
  { text, pieces }: OpenWord,
  { samplesPerFrame, lengthSamples }: SegmentFrames,
): PlacedWord {
  // An opening mark carries the end of the word before it: it says nothing about where this one begins.
  const first = pieces.find((piece) => !isMark(piece)) ?? pieces[0]!;
  const toSamples = (frame: number) => Math.min(frame * samplesPerFrame, lengthSamples);
  const probabilities = pieces.map((piece) => Math.exp(piece.logProbability));
  return {
    text: text.trimEnd(),
    confidence: probabilities.reduce((sum, value) => sum + value, 0) / probabilities.length,
    place: {
      startSamples: toSamples(first.startFrame),
      endSamples: toSamples(Math.max(...pieces.map((piece) => piece.endFrame))),
      timing: 'model',
    },
  };
}
