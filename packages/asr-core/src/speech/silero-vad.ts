// Silero VAD v6 (the graph that @ricky0123/vad-web ships): one call judges 512 samples, preceded by the 64 samples before
// them. Without that context v6 hears nothing, silently.

import { Tensor } from 'onnxruntime-node';
import { openOnnxSession } from '../runtime/onnx-session.js';
import { SAMPLE_RATE_HZ } from '../transcript.js';

/** Samples judged by one probability: 32 ms. */
export const VAD_FRAME_SAMPLES = 512;
const CONTEXT_SAMPLES = 64;
const STATE_LAYERS = 2;
const STATE_WIDTH = 128;

/** What the detector remembers of a stream between two blocks. */
export type VadState = {
  /** `[layers, width]` of this stream. */
  recurrent: Float32Array;
  context: Float32Array;
};

/** The next block of a stream; all but its last hold a multiple of 512 samples. */
export type VadStream = { samples: Float32Array; state: VadState };

export type VadResult = {
  /** Probability of speech in each 512-sample frame; a last, shorter frame is filled up with zeros. */
  probabilities: Float32Array;
  state: VadState;
  /** Time in the lane, a fair share of what was judged together. */
  computeMs: number;
};

/** One instance belongs to one thread; all memory of a stream is in its state. */
export interface SpeechDetector {
  readonly runMs: number;
  /** Judges blocks of equal length together, such as the channels of a recording. */
  computeProbabilities(streams: readonly VadStream[]): Promise<VadResult[]>;
  close(): Promise<void>;
}

export function createVadState(): VadState {
  return {
    recurrent: new Float32Array(STATE_LAYERS * STATE_WIDTH),
    context: new Float32Array(CONTEXT_SAMPLES),
  };
}

/** Opens the Silero graph at `path`. @throws AsrError `MODEL_FILE_UNREADABLE` */
export async function openSileroVad(path: string): Promise<SpeechDetector> {
  const session = await openOnnxSession(path);
  const sampleRate = new Tensor('int64', [BigInt(SAMPLE_RATE_HZ)], []);

  return {
    get runMs() {
      return session.runMs;
    },
    async computeProbabilities(streams) {
      const started = performance.now();
      const batch = streams.length;
      const numSamples = Math.max(...streams.map(({ samples }) => samples.length));
      const numFrames = Math.ceil(numSamples / VAD_FRAME_SAMPLES);
      const probabilities = streams.map(() => new Float32Array(numFrames));
      const width = CONTEXT_SAMPLES + VAD_FRAME_SAMPLES;
      const input = new Float32Array(batch * width);
      let recurrent = gatherStates(streams.map(({ state }) => state.recurrent));
      streams.forEach(({ state }, row) => input.set(state.context, row * width));

      for (let frame = 0; frame < numFrames; frame++) {
        const start = frame * VAD_FRAME_SAMPLES;
        streams.forEach(({ samples }, row) => {
          const at = row * width;
          if (frame > 0) input.copyWithin(at, at + VAD_FRAME_SAMPLES, at + width);
          const block = samples.subarray(start, start + VAD_FRAME_SAMPLES);
          input.set(block, at + CONTEXT_SAMPLES);
          input.fill(0, at + CONTEXT_SAMPLES + block.length, at + width);
        });
        const outputs = await session.run(
          {
            input: new Tensor('float32', input, [batch, width]),
            state: new Tensor('float32', recurrent, [STATE_LAYERS, batch, STATE_WIDTH]),
            sr: sampleRate,
          },
          ['output', 'stateN'],
        );
        recurrent = outputs['stateN']!.data as Float32Array;
        const output = outputs['output']!.data as Float32Array;
        probabilities.forEach((values, row) => (values[frame] = output[row]!));
      }
      const computeMs = (performance.now() - started) / batch;
      return streams.map((_, row) => ({
        computeMs,
        probabilities: probabilities[row]!,
        state: {
          recurrent: pickState(recurrent, row, batch),
          context: input.slice(row * width + VAD_FRAME_SAMPLES, (row + 1) * width),
        },
      }));
    },
    close: () => session.close(),
  };
}

/** `[layers, width]` of each stream → `[layers, batch, width]`. */
function gatherStates(states: readonly Float32Array[]): Float32Array {
  const gathered = new Float32Array(STATE_LAYERS * states.length * STATE_WIDTH);
  states.forEach((state, row) => {
    for (let layer = 0; layer < STATE_LAYERS; layer++) {
      gathered.set(
        state.subarray(layer * STATE_WIDTH, (layer + 1) * STATE_WIDTH),
        (layer * states.length + row) * STATE_WIDTH,
      );
    }
  });
  return gathered;
}

function pickState(gathered: Float32Array, row: number, batch: number): Float32Array {
  const state = new Float32Array(STATE_LAYERS * STATE_WIDTH);
  for (let layer = 0; layer < STATE_LAYERS; layer++) {
    const start = (layer * batch + row) * STATE_WIDTH;
    state.set(gathered.subarray(start, start + STATE_WIDTH), layer * STATE_WIDTH);
  }
  return state;
}
