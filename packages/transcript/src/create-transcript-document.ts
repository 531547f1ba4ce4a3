import { groupWords, type PlacedWord } from './group-words.js';
import { joinWords } from './join-words.js';
import { toMs, toSeconds } from './sample-times.js';
import {
  TRANSCRIPT_SCHEMA,
  TRANSCRIPT_VERSION,
  type TranscriptDocument,
  type TranscriptFlag,
  type TranscriptFlagCode,
  type TranscriptSegment,
  type WordTiming,
} from './transcript-document.js';

/** A recognized word; positions are samples at 16 kHz from the start of the recording. */
export type RecognizedWord = {
  text: string;
  startSamples: number;
  endSamples: number;
  confidence: number;
  timing: WordTiming;
  /** Audio channel, from 0. Ignored where the channels were mixed. */
  channel?: number;
};

/** A remark about the whole recording, or about a stretch of it. */
export type TranscriptRemark = {
  code: TranscriptFlagCode;
  message: string;
  startSamples?: number;
  endSamples?: number;
};

export type TranscriptInput = Pick<
  TranscriptDocument,
  'recording' | 'language' | 'channels' | 'provenance'
> & {
  /** In any order. */
  words: readonly RecognizedWord[];
  /** `DEMO_MODEL` is added for a demo model. @defaultValue [] */
  flags?: readonly TranscriptRemark[];
  statistics: { speechSeconds: number; processingSeconds?: number };
};

/**
 * Builds the document. Words are sorted by start and forced inside the recording; within a channel a word ends
 * no later than the next one starts. Words without visible text are left out.
 */
export function createTranscriptDocument(input: TranscriptInput): TranscriptDocument {
  const durationMs = Math.round(input.recording.durationSeconds * 1000);
  const words = placeWords(input, durationMs);
  const segments = groupWords(words).map(toSegment);
  return {
    schema: TRANSCRIPT_SCHEMA,
    version: TRANSCRIPT_VERSION,
    recording: { ...input.recording, durationSeconds: durationMs / 1000 },
    language: input.language,
    channels: input.channels,
    text: segments.map((segment) => segment.text).join('\n'),
    segments,
    flags: createFlags(input, durationMs),
    provenance: input.provenance,
    statistics: {
      speechSeconds: roundThousandths(input.statistics.speechSeconds),
      words: words.length,
      ...processing(input.statistics.processingSeconds, durationMs / 1000),
    },
  };
}

function placeWords(input: TranscriptInput, durationMs: number): PlacedWord[] {
  const words = input.words
    .map((word) => ({
      text: word.text.replace(/[\s\p{Cc}]+/gu, ' ').trim(),
      startMs: toMs(word.startSamples, durationMs),
      endMs: toMs(word.endSamples, durationMs),
      confidence: toConfidence(word.confidence),
      timing: word.timing,
      channel: input.channels === 'mix' ? null : (word.channel ?? 0),
    }))
    .filter((word) => word.text !== '')
    .sort((a, b) => a.startMs - b.startMs || (a.channel ?? 0) - (b.channel ?? 0));

  const nextStartMs = new Map<number | null, number>();
  for (const word of words.toReversed()) {
    const latestEndMs = nextStartMs.get(word.channel) ?? durationMs;
    word.endMs = Math.max(word.startMs, Math.min(word.endMs, latestEndMs));
    nextStartMs.set(word.channel, word.startMs);
  }
  return words;
}

function toSegment(words: readonly PlacedWord[]): TranscriptSegment {
  const first = words[0];
  return {
    start: (first?.startMs ?? 0) / 1000,
    end: (words.at(-1)?.endMs ?? 0) / 1000,
    channel: first?.channel ?? null,
    text: joinWords(words.map((word) => word.text)),
    words: words.map(({ text, startMs, endMs, confidence, channel, timing }) => ({
      text,
      start: startMs / 1000,
      end: endMs / 1000,
      confidence,
      channel,
      timing,
    })),
  };
}

function createFlags(input: TranscriptInput, durationMs: number): TranscriptFlag[] {
  const flags: TranscriptFlag[] = (input.flags ?? []).map(
    ({ code, message, startSamples, endSamples }) => ({
      code,
      message,
      ...(startSamples !== undefined && { start: toSeconds(startSamples, durationMs) }),
      ...(endSamples !== undefined && { end: toSeconds(endSamples, durationMs) }),
    }),
  );
  const { demo, id } = input.provenance.model;
  if (demo && !flags.some((flag) => flag.code === 'DEMO_MODEL')) {
    const message = `Made with the demo model ${id}, which is for trying Stenofleet only.`;
    flags.unshift({ code: 'DEMO_MODEL', message });
  }
  return flags;
}

function processing(processingSeconds: number | undefined, durationSeconds: number) {
  if (processingSeconds === undefined) return {};
  return {
    processingSeconds: roundThousandths(processingSeconds),
    ...(durationSeconds > 0 && {
      realTimeFactor: roundThousandths(processingSeconds / durationSeconds),
    }),
  };
}

function toConfidence(value: number): number {
  return Number.isFinite(value) ? roundThousandths(Math.min(Math.max(0, value), 1)) : 0;
}

function roundThousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
