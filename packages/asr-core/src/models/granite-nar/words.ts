// Tokens → words, and the draft's places for the edited text.

import { type AlignmentStep, alignWords, toComparableWord } from '../../align/align-words.js';
import { ROW_SAMPLES } from '../../features/granite-features.js';
import { type SegmentWord } from '../../recognizer.js';
import { type Token } from '../../transcript.js';
import { ROWS_PER_DRAFT_FRAME } from './contract.js';
import { type EditedToken } from './decode-tokens.js';
import { type GraniteTokenizer } from './tokenizer.js';

const SAMPLES_PER_FRAME = ROW_SAMPLES * ROWS_PER_DRAFT_FRAME;

type GroupedWord<AnyToken> = { text: string; tokens: AnyToken[] };

/** Words of the draft, in order, each where its tokens' frames lie. */
export function computeDraftWords(
  tokens: readonly Token[],
  tokenizer: GraniteTokenizer,
  { lengthSamples }: { lengthSamples: number },
): SegmentWord[] {
  const toSamples = (frame: number) => Math.min(frame * SAMPLES_PER_FRAME, lengthSamples);
  return groupTokens(tokens, tokenizer).map((word) => ({
    text: word.text,
    confidence: computeConfidence(word.tokens),
    place: {
      startSamples: toSamples(word.tokens[0]!.startFrame),
      endSamples: toSamples(word.tokens.at(-1)!.endFrame),
      timing: 'aligned',
    },
  }));
}

/**
 * Words of the edited text. One that is, or stands in the place of, a word of the draft has its place; a new one has none.
 * The share is that of the words in which the two differ, of the draft's.
 */
export function computeEditedWords(
  tokens: readonly EditedToken[],
  tokenizer: GraniteTokenizer,
  { draft }: { draft: readonly SegmentWord[] },
): { words: SegmentWord[]; differingShare: number } {
  const words: SegmentWord[] = groupTokens(tokens, tokenizer).map((word) => ({
    text: word.text,
    confidence: computeConfidence(word.tokens),
  }));
  const toComparable = ({ text }: SegmentWord) => toComparableWord(text);
  const steps = alignWords(draft.map(toComparable), words.map(toComparable));
  for (const step of steps) {
    if (step.kind !== 'match' && step.kind !== 'substitution') continue;
    const { place } = draft[step.reference]!;
    if (place) words[step.hypothesis]!.place = place;
  }
  const isDifferent = ({ kind }: AlignmentStep) => kind !== 'match';
  return { words, differingShare: steps.filter(isDifferent).length / Math.max(1, draft.length) };
}

/** A word ends where white space begins. Its text is decoded from all of its bytes: a token may hold part of a character. */
function groupTokens<AnyToken extends EditedToken>(
  tokens: readonly AnyToken[],
  tokenizer: GraniteTokenizer,
): GroupedWord<AnyToken>[] {
  const groups: AnyToken[][] = [];
  let isOpen = false;
  for (const token of tokens) {
    const text = tokenizer.decode([token.tokenId]);
    // A special token.
    if (text === '') continue;
    if (isOpen && !/^\s/u.test(text)) groups.at(-1)!.push(token);
    else groups.push([token]);
    isOpen = !/\s$/u.test(text);
  }
  return groups
    .map((group) => ({
      text: tokenizer.decode(group.map(({ tokenId }) => tokenId)).trim(),
      tokens: group,
    }))
    .filter(({ text }) => text !== '');
}

/** Mean softmax probability. */
function computeConfidence(tokens: readonly EditedToken[]): number {
  return (
    tokens.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0) / tokens.length
  );
}
