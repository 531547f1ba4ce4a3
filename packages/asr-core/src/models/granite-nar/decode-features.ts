import { cancelled } from '../../errors.js';
import { type GraniteFeatures } from '../../features/granite-features.js';
import { type Token } from '../../transcript.js';
import { type BestClasses } from './best-classes.js';
import {
  type EditedToken,
  collapseDraft,
  collapseEdited,
  insertSlots,
  toEditorInput,
} from './decode-tokens.js';
import { edit } from './edit.js';
import { type Encoding, encode } from './encode.js';
import { type GraniteModel } from './open-model.js';

/** What became of one segment, step by step. */
export type GraniteDecoding = {
  encoding: Encoding;
  draft: Token[];
  /** Ids that the editor gets in its slots. */
  editorInput: number[];
  slots: number[];
  /** Of each slot. */
  edited: BestClasses;
  tokens: EditedToken[];
};

/**
 * Features to tokens: one run of each graph. Undefined where the audio is too short for a single row of the editor's.
 * @throws AsrError `CANCELLED`, `MODEL_CONTRACT_MISMATCH`
 */
export async function decodeFeatures(
  { graphs, tokenizer, switches, divisor }: Omit<GraniteModel, 'extractor'>,
  features: GraniteFeatures,
  isCancelled: () => boolean = () => false,
): Promise<GraniteDecoding | undefined> {
  if (isCancelled()) throw cancelled();
  if (features.numRows === 0) return undefined;
  const encoding = await encode(graphs.encoder, features);
  if (encoding.audioRows === 0) return undefined;
  if (isCancelled()) throw cancelled();

  const { endTokenId } = tokenizer;
  const draft = collapseDraft(encoding);
  const draftIds = draft.map(({ tokenId }) => tokenId);
  const editorInput = toEditorInput(draftIds, tokenizer, switches.draft);
  const slots = insertSlots(editorInput, endTokenId);
  const edited = await edit(graphs, encoding, { slots, divisor });
  const tokens = collapseEdited(edited, { collapse: switches.collapse, endTokenId });
  return { encoding, draft, editorInput, slots, edited, tokens };
}
