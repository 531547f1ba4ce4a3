// The steps between the graphs: CTC draft, the editor's slots, and what of its answer becomes text.

import { type Token } from '../../transcript.js';
import { type BestClasses } from './best-classes.js';
import { BLANK_CLASS } from './contract.js';
import { type Encoding } from './encode.js';
import { type GraniteSwitches } from './switches.js';
import { type GraniteTokenizer } from './tokenizer.js';

/** The editor was made for at least so many slots. */
const MIN_SLOTS = 8;

/** A token of the editor's; it has no place in time. */
export type EditedToken = Pick<Token, 'tokenId' | 'logProbability'>;

/**
 * Greedy CTC over the frames that count: equal neighbours collapsed (a blank between them keeps both), blanks dropped. A
 * token covers its run of frames; its probability is the mean over the run.
 */
export function collapseDraft({
  draft,
  draftFrames,
}: Pick<Encoding, 'draft' | 'draftFrames'>): Token[] {
  const tokens: Token[] = [];
  for (let start = 0; start < draftFrames.length;) {
    const draftClass = draft.ids[start]!;
    let end = start;
    let probability = 0;
    for (; end < draftFrames.length && draft.ids[end] === draftClass; end++) {
      probability += Math.exp(draft.logProbabilities[end]!);
    }
    if (draftClass !== BLANK_CLASS) {
      tokens.push({
        tokenId: draftClass - 1,
        startFrame: draftFrames[start]!,
        endFrame: draftFrames[end - 1]! + 1,
        logProbability: Math.log(probability / (end - start)),
      });
    }
    start = end;
  }
  return tokens;
}

/**
 * The draft as the editor gets it: decoded, trimmed, in lower case and tokenized anew, as the exported revision's own code
 * does (of nothing, a space); or the ids as they are.
 */
export function toEditorInput(
  draftIds: readonly number[],
  tokenizer: GraniteTokenizer,
  mode: GraniteSwitches['draft'],
): number[] {
  if (mode === 'direct') return [...draftIds];
  const text = tokenizer.decode(draftIds).trim().toLowerCase();
  return tokenizer.encode(text === '' ? ' ' : text);
}

/** A slot before, between and behind all tokens, each filled with the end token; more slots where that makes too few. */
export function insertSlots(ids: readonly number[], endTokenId: number): number[] {
  const slots = new Array<number>(Math.max(2 * ids.length + 1, MIN_SLOTS)).fill(endTokenId);
  ids.forEach((id, i) => (slots[2 * i + 1] = id));
  return slots;
}

/** What of the editor's answer is text: equal neighbours are one token, then end tokens are dropped. */
export function collapseEdited(
  { ids, logProbabilities }: BestClasses,
  { collapse, endTokenId }: { collapse: boolean; endTokenId: number },
): EditedToken[] {
  const tokens: EditedToken[] = [];
  ids.forEach((tokenId, slot) => {
    if (tokenId === endTokenId || (collapse && slot > 0 && ids[slot - 1] === tokenId)) return;
    tokens.push({ tokenId, logProbability: logProbabilities[slot]! });
  });
  return tokens;
}
