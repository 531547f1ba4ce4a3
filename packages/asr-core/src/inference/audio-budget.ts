import { cancelled } from '../errors.js';
import { type RecognizerCapabilities } from '../recognizer.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';

/** Segments of the longest kind that are held for each lane: one group in work and the next to choose from. */
const SEGMENTS_PER_LANE = 8;

/** How much audio may wait for lanes, over all recordings together. It bounds memory, not speed. */
export interface AudioBudget {
  /**
   * Waits until so many samples may be held, in order of asking; alone, any number may.
   * @throws AsrError `CANCELLED`
   */
  reserve(samples: number, signal: AbortSignal): Promise<void>;
  release(samples: number): void;
}

export function planAudioBudget(options: {
  laneCount: number;
  capabilities: RecognizerCapabilities;
}): AudioBudget {
  const { laneCount, capabilities } = options;
  const segmentSamples = Math.ceil(capabilities.maxSegmentSeconds * SAMPLE_RATE_HZ);
  return createAudioBudget(laneCount * segmentSamples * SEGMENTS_PER_LANE);
}

export function createAudioBudget(limitSamples: number): AudioBudget {
  let waiting: { samples: number; admit: () => void }[] = [];
  let held = 0;

  const admitWaiting = () => {
    while (waiting[0] && (held === 0 || held + waiting[0].samples <= limitSamples)) {
      held += waiting[0].samples;
      waiting.shift()?.admit();
    }
  };
  return {
    reserve(samples, signal) {
      if (signal.aborted) return Promise.reject(cancelled());
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          waiting = waiting.filter((other) => other !== request);
          reject(cancelled());
          admitWaiting();
        };
        const request = {
          samples,
          admit: () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.push(request);
        admitWaiting();
      });
    },
    release(samples) {
      held -= samples;
      admitWaiting();
    },
  };
}
