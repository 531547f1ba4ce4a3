// Words to paragraphs. A paragraph belongs to one channel and ends at a long pause, when another channel takes
// its turn, or at a sentence end once it is long enough to read.
import { endsSentence } from './punctuation.js';
import { type WordTiming } from './transcript-document.js';

const TURN_PAUSE_MS = 300;
const LONG_PAUSE_MS = 2000;
const SENTENCE_PAUSE_MS = 1000;
const BREATH_MS = 400;
const FULL_WORDS = 60;
const OVERFULL_WORDS = 100;
const MAX_WORDS = 160;

/** A word with its place in whole milliseconds. */
export type PlacedWord = {
  text: string;
  startMs: number;
  endMs: number;
  confidence: number;
  timing: WordTiming;
  channel: number | null;
};

/** Groups words (by start, as `placeWords` leaves them) into paragraphs, by start. */
export function groupWords(words: readonly PlacedWord[]): PlacedWord[][] {
  const paragraphs: PlacedWord[][] = [];
  const open = new Map<number | null, PlacedWord[]>();
  let lastChannel: number | null | undefined;
  for (const word of words) {
    const paragraph = open.get(word.channel);
    const turn = lastChannel !== word.channel;
    if (paragraph === undefined || endsBefore(word, { paragraph, turn })) {
      const begun = [word];
      paragraphs.push(begun);
      open.set(word.channel, begun);
    } else {
      paragraph.push(word);
    }
    lastChannel = word.channel;
  }
  return paragraphs;
}

function endsBefore(
  word: PlacedWord,
  { paragraph, turn }: { paragraph: readonly PlacedWord[]; turn: boolean },
): boolean {
  const last = paragraph.at(-1);
  if (last === undefined) return false;
  const pauseMs = word.startMs - last.endMs;
  if (pauseMs >= LONG_PAUSE_MS || paragraph.length >= MAX_WORDS) return true;
  if (turn && pauseMs >= TURN_PAUSE_MS) return true;
  if (endsSentence(last.text, word.text)) {
    return pauseMs >= SENTENCE_PAUSE_MS || paragraph.length >= FULL_WORDS;
  }
  return paragraph.length >= OVERFULL_WORDS && pauseMs >= BREATH_MS;
}
