// What a reader may doubt: speech without words, uncertain words, doubtful passages, poor sound.
import { SAMPLE_RATE_HZ, type SampleStretch, toSeconds } from './sample-times.js';
import {
  type TranscriptDocument,
  type TranscriptQuality,
  type TranscriptWord,
} from './transcript-document.js';

const LOW_CONFIDENCE = 0.5;
/** More of the least certain words are only counted. */
const MAX_PLACES = 10;

/** What guards against repeated, invented and missing text may find. */
export type GuardKind = 'repetition' | 'overrun' | 'non-speech' | 'no-words' | 'draft-differs';

/** What is known of one channel beside its words; positions are samples at 16 kHz from the recording's start. */
export type HeardChannel = {
  /** Speech without words: all of it, and the stretches worth naming. */
  uncovered: { samples: number; stretches: readonly SampleStretch[] };
  /** Outcome `kept`: the text stayed, in doubt. */
  guardEvents: readonly (SampleStretch & { guard: GuardKind; outcome: string })[];
  /** Sums of samples, full scale 1. */
  levels: {
    samples: number;
    peak: number;
    squareSum: number;
    clippedSamples: number;
    silentSamples: number;
  };
};

/** The report on a document's words and what was heard. */
export function describeQuality(
  { segments, recording, channels: choice, statistics }: Omit<TranscriptDocument, 'quality'>,
  channels: readonly HeardChannel[],
): TranscriptQuality {
  const durationMs = recording.durationSeconds * 1000;
  const nameOf = (index: number) => (choice === 'separate' ? index : null);
  const place = ({ startSamples, endSamples }: SampleStretch, index: number) => ({
    start: toSeconds(startSamples, durationMs),
    end: toSeconds(endSamples, durationMs),
    channel: nameOf(index),
  });
  const words = segments.flatMap((segment) => segment.words);
  const uncoveredSamples = channels.reduce((sum, { uncovered }) => sum + uncovered.samples, 0);
  return {
    speechSeconds: statistics.speechSeconds,
    uncoveredSeconds: round(uncoveredSamples / SAMPLE_RATE_HZ, 3),
    uncovered: channels.flatMap(({ uncovered }, index) =>
      uncovered.stretches.map((stretch) => place(stretch, index)),
    ),
    lowConfidence: describeLowConfidence(words),
    guards: channels.flatMap(({ guardEvents }, index) =>
      guardEvents.map((event) => ({
        guard: event.guard,
        outcome: event.outcome,
        ...place(event, index),
      })),
    ),
    levels: channels.map(({ levels }, index) => ({
      channel: nameOf(index),
      ...describeLevels(levels),
    })),
    timings: {
      model: words.filter(({ timing }) => timing === 'model').length,
      aligned: words.filter(({ timing }) => timing === 'aligned').length,
      estimated: words.filter(({ timing }) => timing === 'estimated').length,
    },
  };
}

/**
 * The report in one plain line; undefined for a document without one. Of several channels it names the lowest and the
 * highest level, the worst clipping and the mean silence.
 */
export function summarizeQuality({
  quality,
  statistics,
}: Pick<TranscriptDocument, 'quality' | 'statistics'>): string | undefined {
  if (!quality) return undefined;
  const { guards, timings } = quality;
  const kept = guards.filter(({ outcome }) => outcome === 'kept').length;
  return [
    ...summarizeWords(quality, statistics.words),
    ...(timings.estimated > 0 ? [`times of ${count(timings.estimated, 'word')} estimated`] : []),
    ...(kept > 0 ? [count(kept, 'doubtful passage')] : []),
    ...(guards.length > kept ? [`${count(guards.length - kept, 'passage')} mended`] : []),
    ...summarizeLevels(quality.levels),
  ].join(', ');
}

function describeLowConfidence(
  words: readonly TranscriptWord[],
): TranscriptQuality['lowConfidence'] {
  const low = words.filter(({ confidence }) => confidence < LOW_CONFIDENCE);
  return {
    threshold: LOW_CONFIDENCE,
    words: low.length,
    share: words.length > 0 ? round(low.length / words.length, 4) : 0,
    places: low
      .toSorted((a, b) => a.confidence - b.confidence)
      .slice(0, MAX_PLACES)
      .map(({ start, end, channel, text, confidence }) => ({
        ...{ start, end, channel, text, confidence },
      })),
  };
}

function describeLevels({ samples, peak, squareSum, ...counts }: HeardChannel['levels']) {
  const toShare = (count: number) => (samples > 0 ? round(count / samples, 5) : 0);
  return {
    peakDbfs: toDbfs(peak ** 2),
    rmsDbfs: toDbfs(squareSum / samples),
    clippedShare: toShare(counts.clippedSamples),
    silenceShare: toShare(counts.silentSamples),
  };
}

function toDbfs(power: number): number | null {
  return power > 0 ? round(10 * Math.log10(power), 1) : null;
}

function summarizeWords(
  { speechSeconds, uncoveredSeconds, lowConfidence }: TranscriptQuality,
  words: number,
): string[] {
  if (speechSeconds === 0) return ['no speech'];
  // Rounded down: 100 % is said of nothing less.
  const covered = Math.floor(100 * (1 - uncoveredSeconds / speechSeconds));
  return [`words in ${covered} % of the speech`, `${lowConfidence.words} of ${words} uncertain`];
}

function summarizeLevels(levels: TranscriptQuality['levels']): string[] {
  const loudness = levels.flatMap(({ rmsDbfs }) => rmsDbfs ?? []).sort((a, b) => a - b);
  const [lowest, highest] = [loudness[0], loudness.at(-1)];
  if (lowest === undefined || highest === undefined) return ['digital silence'];
  const clipped = Math.max(...levels.map(({ clippedShare }) => clippedShare));
  const silence = levels.reduce((sum, { silenceShare }) => sum + silenceShare, 0) / levels.length;
  return [
    `level ${lowest}${highest > lowest ? ` to ${highest}` : ''} dBFS`,
    clipped > 0 ? `${Number((100 * clipped).toPrecision(2))} % clipped` : 'not clipped',
    `${Math.round(100 * silence)} % silence`,
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function round(value: number, digits: number): number {
  // Adding 0 turns −0 into 0: JSON does not know the difference, equality does.
  return Math.round(value * 10 ** digits) / 10 ** digits + 0;
}
