import { AsrError } from '../errors.js';
import { type PieceTable, isSpecialPiece, parsePieceTable } from './piece-table.js';

export type Vocabulary = {
  /** Text of each token id. */
  pieces: PieceTable;
  blankId: number;
  /** Ids that never become text: `<unk>`, `<pad>`, `<|…|>`, blank. */
  isSpecial: readonly boolean[];
};

const BLANK_PIECES = new Set(['<blk>', '<blank>']);

/** Parses a vocabulary of `piece id` lines with a blank. @throws AsrError `MODEL_FILE_UNREADABLE` */
export function parseVocabulary(text: string): Vocabulary {
  const pieces = parsePieceTable(text);
  const blankId = pieces.findIndex((piece) => BLANK_PIECES.has(piece));
  if (blankId < 0) {
    throw new AsrError('MODEL_FILE_UNREADABLE', 'The vocabulary has no blank piece (<blk>).');
  }
  return {
    pieces,
    blankId,
    isSpecial: pieces.map((piece, id) => id === blankId || isSpecialPiece(piece)),
  };
}
