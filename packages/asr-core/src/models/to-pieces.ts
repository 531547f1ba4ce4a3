import { type Piece } from '../recognizer.js';
import { type Vocabulary } from '../tokens/vocabulary.js';
import { type Token } from '../transcript.js';

/** Tokens with their text; `<unk>`, `<pad>` and control pieces never become text. */
export function toPieces(tokens: readonly Token[], vocabulary: Vocabulary): Piece[] {
  return tokens
    .filter((token) => !vocabulary.isSpecial[token.tokenId])
    .map((token) => ({ ...token, text: vocabulary.pieces[token.tokenId]! }));
}
