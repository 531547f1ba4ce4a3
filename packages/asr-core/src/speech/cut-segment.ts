import { type Segment } from '../transcript.js';
import { fillDigitalSilence } from './fill-digital-silence.js';

/** Where a channel's audio is kept. */
export type AudioSource = {
  /** A copy of `[startSamples, endSamples)` on the recording's clock. */
  readSamples(startSamples: number, endSamples: number): Float32Array;
};

/** What the model hears of a segment: its own copy of the audio, digital silence filled; the caller may give it away. */
export function cutSegment(segment: Segment, audio: AudioSource): Float32Array {
  const samples = audio.readSamples(segment.audioStartSamples, segment.audioEndSamples);
  fillDigitalSilence(samples, segment.audioStartSamples);
  return samples;
}
