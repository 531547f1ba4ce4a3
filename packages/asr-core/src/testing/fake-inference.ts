// Inference without a model, and sound for it.

import { setMaxListeners } from 'node:events';
import { AsrError } from '../errors.js';
import { createAudioBudget } from '../inference/audio-budget.js';
import {
  type Inference,
  type RecognizeRequest,
  type SpeechListener,
} from '../inference/inference.js';
import { type SegmentResult } from '../recognizer.js';
import { VAD_FRAME_SAMPLES, createVadState } from '../speech/silero-vad.js';

export const SECOND = 16_000;
const BLOCK_SAMPLES = 10 * VAD_FRAME_SAMPLES;

/** One lane; speech is what is not zero, and each segment is one word of half a second. */
export function fakeInference(parts: Partial<Inference> = {}): Inference {
  return {
    laneCount: 1,
    capabilities: {
      languages: ['en'],
      languageRequired: false,
      punctuation: false,
      nativeTimes: true,
      maxSegmentSeconds: 10,
    },
    budget: createAudioBudget(80 * SECOND),
    recognize: (request) => Promise.resolve(answer(request)),
    listen: () => fakeListener(),
    getTimings: () => Promise.resolve({ runMs: 0, totalMs: 0 }),
    close: () => Promise.resolve(),
    ...parts,
  };
}

export function fakeListener(parts: Partial<SpeechListener> = {}): SpeechListener {
  return {
    hear: (block) =>
      Promise.resolve(
        block.map((samples) => ({
          probabilities: Float32Array.from(
            { length: Math.ceil(samples.length / VAD_FRAME_SAMPLES) },
            (_, frame) => (samples[frame * VAD_FRAME_SAMPLES] === 0 ? 0 : 1),
          ),
          state: createVadState(),
          computeMs: 1,
        })),
      ),
    close: () => undefined,
    ...parts,
  };
}

export const brokenListener = fakeListener({
  hear: () => Promise.reject(new AsrError('INFERENCE_CRASHED', 'broken')),
});

/** Takes 100 ms of a lane, whatever the length. */
export function answer({ samples }: RecognizeRequest): SegmentResult {
  const place = {
    startSamples: 0,
    endSamples: Math.min(SECOND / 2, samples.length),
    timing: 'model' as const,
  };
  return { words: [{ text: 'word', confidence: 1, place }], remarks: [], computeMs: 100 };
}

/** Stretches of sound, each with a pause behind it, in seconds. */
export function sound(
  ...stretches: (readonly [seconds: number, pauseSeconds: number])[]
): Float32Array {
  const seconds = stretches.reduce((sum, [length, pause]) => sum + length + pause, 0);
  const samples = new Float32Array(seconds * SECOND);
  let at = 0;
  for (const [length, pause] of stretches) {
    samples.fill(0.125, at, at + length * SECOND);
    at += (length + pause) * SECOND;
  }
  return samples;
}

/** Channels of equal length as they are decoded. */
export async function* blocks(...channels: Float32Array[]) {
  for (let from = 0; from < (channels[0]?.length ?? 0); from += BLOCK_SAMPLES) {
    yield channels.map((samples) => samples.slice(from, from + BLOCK_SAMPLES));
    await Promise.resolve();
  }
}

export function waitForAbort(signal: AbortSignal): Promise<void> {
  setMaxListeners(0, signal);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
