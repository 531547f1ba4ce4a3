// Words to pieces: the smallest text a cue planner moves. A piece is a word, or a part of one that is wider
// than a line (an address, or a sentence in a script without spaces).
import { needsSpace } from '../join-words.js';
import { type CueRules } from './cue.js';
import { measureWidth, splitGraphemes } from './text-width.js';

const wordSegmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** A word as cues need it; times are seconds from the start of the recording. */
export type CueWord = { text: string; start: number; end: number; channel: number | null };

export type Piece = {
  text: string;
  width: number;
  startMs: number;
  endMs: number;
  channel: number | null;
  /** Whether a space parts it from its channel's piece before: not the later parts of a split word. */
  spaceBefore: boolean;
};

/**
 * Pieces of all channels by start. Times are forced into `[0, limitMs]`, and within a channel a piece ends
 * no later than the next one starts.
 */
export function cutPieces(words: readonly CueWord[], limitMs: number, rules: CueRules): Piece[] {
  const placed = words
    .map((word) => ({
      text: word.text.replace(/[\s\p{Cc}]+/gu, ' ').trim(),
      startMs: clampMs(word.start, limitMs),
      endMs: clampMs(word.end, limitMs),
      channel: word.channel,
      spaceBefore: true,
    }))
    .filter((word) => word.text !== '')
    .sort((a, b) => a.startMs - b.startMs);

  const nextStartMs = new Map<number | null, number>();
  for (const word of placed.toReversed()) {
    const latestEndMs = nextStartMs.get(word.channel) ?? limitMs;
    word.endMs = Math.max(word.startMs, Math.min(word.endMs, latestEndMs));
    nextStartMs.set(word.channel, word.startMs);
  }
  const lastTexts = new Map<number | null, string>();
  for (const word of placed) {
    word.spaceBefore = needsSpace(lastTexts.get(word.channel) ?? '', word.text);
    lastTexts.set(word.channel, word.text);
  }
  // The sort is stable: parts of one word keep their order among words of other channels.
  return placed
    .flatMap((word) => spreadParts(word, splitText(word, rules.lineWidth)))
    .sort((a, b) => a.startMs - b.startMs);
}

type TextPart = { text: string; spaceBefore: boolean };

function splitText({ text, spaceBefore }: TextPart, lineWidth: number): TextPart[] {
  return text.split(' ').flatMap((spaced, at) => {
    const parts = measureWidth(spaced) <= lineWidth ? [spaced] : splitWide(spaced, lineWidth);
    return parts.map((part, index) => ({
      text: part,
      spaceBefore: index === 0 && (at > 0 || spaceBefore),
    }));
  });
}

/** Cuts at the language's own word borders, punctuation with the word before it; else between graphemes. */
function splitWide(text: string, lineWidth: number): string[] {
  const parts: string[] = [];
  for (const { segment, isWordLike } of wordSegmenter.segment(text)) {
    const joined = (parts.at(-1) ?? '') + segment;
    if (isWordLike !== true && parts.length > 0 && measureWidth(joined) <= lineWidth) {
      parts[parts.length - 1] = joined;
    } else {
      parts.push(...splitByWidth(segment, lineWidth));
    }
  }
  return parts;
}

function splitByWidth(text: string, lineWidth: number): string[] {
  if (measureWidth(text) <= lineWidth) return [text];
  const parts: string[] = [];
  let part = '';
  let partWidth = 0;
  for (const grapheme of splitGraphemes(text)) {
    const width = measureWidth(grapheme);
    if (partWidth + width > lineWidth) {
      parts.push(part);
      part = '';
      partWidth = 0;
    }
    part += grapheme;
    partWidth += width;
  }
  return [...parts, part];
}

/** Gives each part of a word its share of the word's time, by width. */
function spreadParts(
  word: { startMs: number; endMs: number; channel: number | null },
  parts: readonly TextPart[],
): Piece[] {
  const measured = parts.map((part) => ({ ...part, width: measureWidth(part.text) }));
  const totalWidth = measured.reduce((sum, part) => sum + part.width, 0);
  const atWidth = (width: number) =>
    Math.round(word.startMs + ((word.endMs - word.startMs) * width) / totalWidth);
  let before = 0;
  return measured.map((part) => {
    const startMs = atWidth(before);
    before += part.width;
    return { ...part, startMs, endMs: atWidth(before), channel: word.channel };
  });
}

function clampMs(seconds: number, limitMs: number): number {
  return Math.min(Math.max(0, Math.round(seconds * 1000)), limitMs);
}
