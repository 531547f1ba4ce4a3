import { AsrError } from '../errors.js';

export type Vocabulary = {
  /** Text of each token id. */
  pieces: readonly string[];
  blankId: number;
  /** Ids that never become text: `<unk>`, `<pad>`, `<|…|>`, blank. */
  isSpecial: readonly boolean[];
};

const BLANK_PIECES = new Set(['<blk>', '<blank>']);
const SPECIAL_PIECES = new Set(['<unk>', '<pad>', '<s>', '</s>']);
const CONTROL_PIECE = /^<\|.*\|>$/u;

/**
 * Parses `piece id` lines (NeMo exports' `vocab.txt`, sherpa's `tokens.txt`). A line is split at its last
 * space: a piece can contain, begin with, or be white space. A trailing CR is dropped.
 * @throws AsrError `MODEL_FILE_UNREADABLE`
 */
export function parseVocabulary(text: string): Vocabulary {
  const pieces: (string | undefined)[] = [];
  const lines = text.split('\n');
  for (const line of lines) {
    const content = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (content === '') continue;
    const split = content.lastIndexOf(' ');
    const idText = content.slice(split + 1);
    const id = Number(idText);
    // An id beyond the number of lines leaves a gap; without this check a huge one would also take all memory.
    const isId = split >= 0 && /^\d+$/.test(idText) && id < lines.length;
    if (!isId || pieces[id] !== undefined) {
      throw new AsrError(
        'MODEL_FILE_UNREADABLE',
        `The vocabulary has a line that is not "piece id" with a new id: "${content}".`,
      );
    }
    pieces[id] = content.slice(0, split);
  }
  const known = Array.from(pieces, (piece) => piece ?? '');
  const missing = Array.from(pieces).indexOf(undefined);
  const blankId = known.findIndex((piece) => BLANK_PIECES.has(piece));
  if (missing >= 0 || blankId < 0) {
    throw new AsrError(
      'MODEL_FILE_UNREADABLE',
      missing >= 0
        ? `The vocabulary has no piece for id ${missing}.`
        : 'The vocabulary has no blank piece (<blk>).',
    );
  }
  return {
    pieces: known,
    blankId,
    isSpecial: known.map(
      (piece, id) => id === blankId || SPECIAL_PIECES.has(piece) || CONTROL_PIECE.test(piece),
    ),
  };
}
