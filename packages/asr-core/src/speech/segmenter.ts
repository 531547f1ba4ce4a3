import { type Segment } from '../transcript.js';
import { createAudioWindow } from './audio-window.js';
import { createEnergyProfile } from './energy-profile.js';
import { type SpeechOptions, type SpeechRegion, createSpeechFinder } from './find-speech.js';
import { type SegmentLimits, createSegmentPlanner } from './plan-segments.js';

/** Audio and speech probabilities of one channel in, segments out; keeps the audio until it is told to forget it. */
export interface Segmenter {
  /** Takes a block and the probabilities of its frames; returns the segments that are now decided. */
  push(samples: Float32Array, probabilities: Float32Array): Segment[];
  /** Ends the channel; returns the remaining segments. */
  finish(): Segment[];
  /** A copy of audio that is still kept, as it came. */
  readSamples(startSamples: number, endSamples: number): Float32Array;
  /** Forgets audio before `samples`, or before `settledUntilSamples` where that is earlier. */
  dropBefore(samples: number): void;
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
  const audio = createAudioWindow();
  const speech: SpeechRegion[] = [];
  let isFinished = false;

  const plan = (closed: SpeechRegion[], ended: boolean): Segment[] => {
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
    energies.dropBefore(planner.neededFromSamples);
    return segments;
  };
  const settledUntil = () => (isFinished ? audio.endSamples : planner.neededFromSamples);

  return {
    speech,
    push(samples, probabilities) {
      audio.push(samples);
      energies.push(samples);
      return plan(finder.push(probabilities), false);
    },
    finish() {
      isFinished = true;
      return plan(finder.finish(audio.endSamples), true);
    },
    readSamples: (startSamples, endSamples) => audio.slice(startSamples, endSamples),
    dropBefore: (samples) => audio.dropBefore(Math.min(samples, settledUntil())),
    get settledUntilSamples() {
      return settledUntil();
    },
  };
}
