import { type Segment } from '../transcript.js';
import { type AudioWindow, createAudioWindow } from './audio-window.js';
import { createEnergyProfile } from './energy-profile.js';
import { fillDigitalSilence } from './fill-digital-silence.js';
import { type SpeechOptions, type SpeechRegion, createSpeechFinder } from './find-speech.js';
import { type SegmentLimits, createSegmentPlanner } from './plan-segments.js';

/** A segment with its own copy of the audio. */
export type CutSegment = {
  segment: Segment;
  /** `[audioStartSamples, audioEndSamples)`, digital silence filled; the caller may give it away. */
  samples: Float32Array;
};

/** Audio and speech probabilities of one channel in, segments with their audio out; keeps no more than it needs. */
export interface Segmenter {
  /** Takes a block and the probabilities of its frames; returns the segments that are now decided. */
  push(samples: Float32Array, probabilities: Float32Array): CutSegment[];
  /** Ends the channel; returns the remaining segments. */
  finish(): CutSegment[];
  /** Detected speech so far, in order. */
  readonly speech: readonly SpeechRegion[];
  /** Audio before this is in no later segment; never goes back. */
  readonly settledUntilSamples: number;
}

export function createSegmenter(options: {
  limits: SegmentLimits;
  speech?: SpeechOptions | undefined;
}): Segmenter {
  const finder = createSpeechFinder(options.speech);
  const planner = createSegmentPlanner(options.limits);
  const energies = createEnergyProfile();
  const audio: AudioWindow = createAudioWindow();
  const speech: SpeechRegion[] = [];
  let isFinished = false;

  const cut = (closed: SpeechRegion[], ended: boolean): CutSegment[] => {
    speech.push(...closed);
    const segments = planner.plan(
      ended
        ? { closed, settledUntilSamples: audio.endSamples, ended }
        : {
            closed,
            open: finder.open,
            settledUntilSamples: finder.settledUntilSamples,
            ended,
          },
      energies,
    );
    const cuts = segments.map((segment) => {
      const samples = audio.slice(segment.audioStartSamples, segment.audioEndSamples);
      fillDigitalSilence(samples, segment.audioStartSamples);
      return { segment, samples };
    });
    audio.dropBefore(planner.neededFromSamples);
    energies.dropBefore(planner.neededFromSamples);
    return cuts;
  };

  return {
    speech,
    push(samples, probabilities) {
      audio.push(samples);
      energies.push(samples);
      return cut(finder.push(probabilities), false);
    },
    finish() {
      isFinished = true;
      return cut(finder.finish(audio.endSamples), true);
    },
    get settledUntilSamples() {
      return isFinished ? audio.endSamples : planner.neededFromSamples;
    },
  };
}
