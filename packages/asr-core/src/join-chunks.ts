import { clipToSpeech } from './align/clip-to-speech.js';
import { spreadOverSpeech } from './align/spread-over-speech.js';
import { stitchSegments } from './align/stitch-segments.js';
import { type GuardEvent } from './guards/guard-event.js';
import { findUncovered, type Uncovered } from './quality/find-uncovered.js';
import { type LevelSums } from './quality/measure-levels.js';
import { type ChunkResult } from './recognize-segments.js';
import { type SpeechRegion } from './speech/find-speech.js';
import { type Segment, type Word } from './transcript.js';

/** What is known of a recording apart from its words; JSON. */
export type PreparedSpeech = {
  durationSamples: number;
  /** Detected speech of each channel, in order. */
  speech: SpeechRegion[][];
  /** Of each channel. */
  levels: LevelSums[];
  /** Lane time that detecting speech took. */
  computeSeconds: number;
};

export type ChannelTranscript = {
  words: Word[];
  speech: SpeechRegion[];
  segments: Segment[];
  /** Speech without words, wherever it lies. */
  uncovered: Uncovered;
  /** In the order of their segments. */
  guardEvents: GuardEvent[];
  levels: LevelSums;
};

export type AudioTranscript = {
  channels: ChannelTranscript[];
  durationSamples: number;
};

/** Words of a whole recording on one clock, from the results of all its chunks in order; changes neither. */
export function joinChunks(
  results: readonly ChunkResult[],
  { speech, levels, durationSamples }: Omit<PreparedSpeech, 'computeSeconds'>,
): AudioTranscript {
  const heard = results.flatMap(({ segments }) => segments);
  const channels = speech.map((regions, index) => {
    const segments = heard.filter(({ channel }) => channel === index);
    const spread = segments.map(({ segment, words }) => ({
      segment,
      words: spreadOverSpeech(words, regions),
    }));
    const words = clipToSpeech(stitchSegments(spread), regions);
    return {
      words,
      speech: [...regions],
      segments: segments.map(({ segment }) => segment),
      uncovered: findUncovered(regions, words),
      guardEvents: segments.flatMap(({ guardEvents }) => guardEvents),
      levels: levels[index]!,
    };
  });
  return { channels, durationSamples };
}
