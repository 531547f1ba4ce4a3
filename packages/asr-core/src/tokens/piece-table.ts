// Token ids to the text of their pieces, from either kind of file that models bring.

import { z } from 'zod';
import { AsrError } from '../errors.js';

/** Text of each token id. */
export type PieceTable = readonly string[];

const SPECIAL_PIECES = new Set(['<unk>', '<pad>', '<s>', '</s>']);
const CONTROL_PIECE = /^<\|.*\|>$/u;

const tokenizerSchema = z.object({
  model: z.object({ vocab: z.record(z.string(), z.int().nonnegative()) }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string() })).default([]),
});

/** Whether a piece never becomes text: `<unk>`, `<pad>`, `<|…|>` and the like. */
export function isSpecialPiece(piece: string): boolean {
  return SPECIAL_PIECES.has(piece) || CONTROL_PIECE.test(piece);
}

/**
 * Parses `piece id` lines (NeMo exports' `vocab.txt`, sherpa's and Cohere's `tokens.txt`). Lines end at LF alone, and a
 * line is split at its last space: a piece can contain, begin with, or be white space of any kind. A trailing CR is
 * dropped.
 * @throws AsrError `MODEL_FILE_UNREADABLE`
 */
export function parsePieceTable(text: string): PieceTable {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  return fillTable(
    lines
      .filter((line) => line !== '')
      .map((line) => {
        const split = line.lastIndexOf(' ');
        const idText = line.slice(split + 1);
        if (split < 0 || !/^\d+$/.test(idText)) {
          throw unreadable(`has a line that is not "piece id": "${line}"`);
        }
        return [line.slice(0, split), Number(idText)];
      }),
  );
}

/**
 * Reads the pieces of a `tokenizer.json` whose model is a map of pieces (BPE), added tokens included.
 * @throws AsrError `MODEL_FILE_UNREADABLE`
 */
export function parseTokenizerPieces(text: string): PieceTable {
  let tokenizer: z.infer<typeof tokenizerSchema>;
  try {
    tokenizer = tokenizerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable('is no tokenizer.json with a map of pieces', cause);
  }
  const entries = new Map(Object.entries(tokenizer.model.vocab));
  for (const { content, id } of tokenizer.added_tokens) entries.set(content, id);
  return fillTable([...entries]);
}

/** Every id from 0 on has one piece; a piece may have several ids. */
function fillTable(entries: readonly (readonly [piece: string, id: number])[]): PieceTable {
  const table: (string | undefined)[] = [];
  for (const [piece, id] of entries) {
    // An id beyond the number of entries leaves a gap; without this check a huge one would also take all memory.
    if (id >= entries.length || table[id] !== undefined) {
      throw unreadable(`gives "${piece}" the id ${id}, which is taken or leaves a gap`);
    }
    table[id] = piece;
  }
  // As many different ids as entries, all below their number: none is missing.
  return table as string[];
}

function unreadable(what: string, cause?: unknown): AsrError {
  return new AsrError('MODEL_FILE_UNREADABLE', `The vocabulary ${what}.`, { cause });
}
