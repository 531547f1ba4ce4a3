// SentencePiece tokens with byte fallback → text, keeping which tokens spell what. Rules: docs/models/cohere.md, "Text".

import { type PieceTable, isSpecialPiece } from './piece-table.js';

/** A token that a decoder chose. */
export type ScoredToken = {
  tokenId: number;
  /** Natural log of its softmax probability. */
  logProbability: number;
};

/** A stretch of text and the tokens that spell it: one, or the bytes of a character. */
export type Spelling = { text: string; tokens: readonly ScoredToken[] };

/** SentencePiece's mark for a space. */
const SPACE_MARK = '\u2581';
const BYTE_PIECE = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * Spells tokens in order; special pieces are left out, also between bytes. Byte pieces are read together as UTF-8 across
 * pieces; what is no UTF-8 becomes U+FFFD.
 */
export function spellTokens(tokens: readonly ScoredToken[], pieces: PieceTable): Spelling[] {
  const spellings: Spelling[] = [];
  // Without ignoreBOM a run that begins with EF BB BF would lose that character.
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  let unspelled: ScoredToken[] = [];
  const take = (text: string) => {
    if (text === '') return;
    spellings.push({ text, tokens: unspelled });
    unspelled = [];
  };
  for (const token of tokens) {
    const piece = pieces[token.tokenId]!;
    if (isSpecialPiece(piece)) continue;
    const byte = BYTE_PIECE.exec(piece)?.[1];
    if (byte === undefined) take(utf8.decode());
    unspelled.push(token);
    take(
      byte === undefined
        ? piece.replaceAll(SPACE_MARK, ' ')
        : utf8.decode(Uint8Array.of(Number.parseInt(byte, 16)), { stream: true }),
    );
  }
  take(utf8.decode());
  return spellings;
}

/** The text that spellings make together: trimmed at its ends, nothing else changed. */
export function joinSpellings(spellings: readonly Spelling[]): string {
  return spellings
    .map(({ text }) => text)
    .join('')
    .trim();
}
