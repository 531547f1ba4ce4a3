import { clipToSpeech } from './align/clip-to-speech.js';
import { type HeardSegment, stitchSegments } from './align/stitch-segments.js';
import { type ChunkResult } from './recognize-segments.js';
import { type SpeechRegion } from './speech/find-speech.js';
import { type Segment, type Word } from './transcript.js';

/** Speech of at least this length in which a model finds no word is reported (2 s). */
const SILENT_SPEECH_SAMPLES = 32_000;

/** What is known of a recording apart from its words; JSON. */
export type PreparedSpeech = {
  durationSamples: number;
  /** Detected speech of each channel, in order. */
  speech: SpeechRegion[][];
  /** Lane time that detecting it took. */
  computeSeconds: number;
};

export type ChannelTranscript = {
  words: Word[];
  speech: SpeechRegion[];
  segments: Segment[];
  /** Segments with speech in which the model found no word. */
  silentSegments: Segment[];
};

export type AudioTranscript = {
  channels: ChannelTranscript[];
  durationSamples: number;
};

/** Words of a whole recording on one clock, from the results of all its chunks in order; changes neither. */
export function joinChunks(
  results: readonly ChunkResult[],
  { speech, durationSamples }: Pick<PreparedSpeech, 'speech' | 'durationSamples'>,
): AudioTranscript {
  const heard = results.flatMap(({ segments }) => segments);
  const channels = speech.map((regions, index) =>
    joinChannel(
      heard.filter(({ channel }) => channel === index),
      regions,
    ),
  );
  return { channels, durationSamples };
}

function joinChannel(
  heard: readonly HeardSegment[],
  speech: readonly SpeechRegion[],
): ChannelTranscript {
  const isSilent = ({ segment, words }: HeardSegment) =>
    words.length === 0 && countSpeech(speech, segment) >= SILENT_SPEECH_SAMPLES;
  return {
    words: clipToSpeech(stitchSegments(heard), speech),
    speech: [...speech],
    segments: heard.map(({ segment }) => segment),
    silentSegments: heard.filter(isSilent).map(({ segment }) => segment),
  };
}

/** Samples of detected speech inside a segment. */
function countSpeech(speech: readonly SpeechRegion[], segment: Segment): number {
  return speech.reduce((sum, region) => {
    const start = Math.max(region.startSamples, segment.startSamples);
    const end = Math.min(region.endSamples, segment.endSamples);
    return sum + Math.max(0, end - start);
  }, 0);
}
