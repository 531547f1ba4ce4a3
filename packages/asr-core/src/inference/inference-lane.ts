// A lane: one thread with its own sessions, opened once. Every answer is a value, errors included.

import { workerData } from 'node:worker_threads';
import { createAligners } from '../align/aligners.js';
import { toWireError } from '../errors.js';
import { loadRecognizer } from '../load-recognizer.js';
import { type RecognizerTimings } from '../recognizer.js';
import { type VadResult, openSileroVad } from '../speech/silero-vad.js';
import {
  type DetectSpeechTask,
  type LaneDescription,
  type LaneOptions,
  type LaneResult,
  type RecognizeTask,
  type Reply,
} from './messages.js';

const opened = capture(() => openLane(workerData as LaneOptions));

export function describe(): Promise<Reply<LaneDescription>> {
  return withLane(({ recognizer: { capabilities, batchSize } }) =>
    Promise.resolve({ capabilities, batchSize }),
  );
}

export function recognize(task: RecognizeTask): Promise<Reply<LaneResult>> {
  const { segments, decoding, cancelFlag } = task;
  return withLane(async ({ recognizer, aligners, pulse }) => {
    const readTimings = () => addTimings(recognizer.timings, aligners.timings);
    // Asked between two model runs: each time is a sign of life.
    const isCancelled = () => {
      if (pulse) Atomics.add(pulse, 0, 1);
      return cancelFlag !== undefined && Atomics.load(cancelFlag, 0) !== 0;
    };
    const before = readTimings();
    const options = { ...decoding, isCancelled };
    const recognized = await recognizer.recognize(segments, options);
    const results = await aligners.align({ results: recognized, segments }, options);
    const after = readTimings();
    return {
      results,
      timings: {
        runMs: after.runMs - before.runMs,
        totalMs: after.totalMs - before.totalMs,
      },
    };
  });
}

export function detectSpeech(task: DetectSpeechTask): Promise<Reply<VadResult[]>> {
  return withLane(({ detector }) => detector.computeProbabilities(task.streams));
}

type Lane = Awaited<ReturnType<typeof openLane>>;

async function openLane({ model, vadPath, pulse }: LaneOptions) {
  const recognizer = await loadRecognizer(model);
  const aligners = createAligners(model);
  return { recognizer, aligners, detector: await openSileroVad(vadPath), pulse };
}

function addTimings(a: RecognizerTimings, b: RecognizerTimings): RecognizerTimings {
  return { runMs: a.runMs + b.runMs, totalMs: a.totalMs + b.totalMs };
}

async function withLane<Value>(work: (lane: Lane) => Promise<Value>): Promise<Reply<Value>> {
  const lane = await opened;
  return lane.ok ? capture(() => work(lane.value)) : lane;
}

async function capture<Value>(work: () => Promise<Value>): Promise<Reply<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}
