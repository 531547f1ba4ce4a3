// Who gets a lane next. A request waits, runs on a lane, and settles; what is cancelled settles at once, wherever it is:
//
//     waiting ── a lane is free ──▶ running ── the lane answers ──▶ settled
//        └── cancelled, or the scheduler closes ───────────────────────▲

import { setMaxListeners } from 'node:events';
import { cancelled } from '../errors.js';
import { type RecognizerTimings, type SegmentResult } from '../recognizer.js';
import { type VadResult, type VadStream } from '../speech/silero-vad.js';
import { type Inference, type RecognizeRequest } from './inference.js';
import { type DetectSpeechTask, type LaneResult, type RecognizeTask } from './messages.js';
import { createSegmentQueue } from './segment-queue.js';

/** Runs tasks on whichever lane is free. Both reject with an `AsrError`. */
export type Lanes = {
  recognize(task: RecognizeTask): Promise<LaneResult>;
  detectSpeech(task: DetectSpeechTask): Promise<VadResult[]>;
};

export type LaneScheduler = Pick<Inference, 'recognize' | 'detectSpeech' | 'getTimings' | 'close'>;

type Settle<Value> = { resolve: (value: Value) => void; reject: (error: Error) => void };
type WaitingSegment = RecognizeRequest & Settle<SegmentResult> & { cancelFlag?: Int32Array };
type WaitingDetection = Settle<VadResult[]> & { streams: readonly VadStream[] };

/** Keeps `laneCount` lanes busy: speech detection first, then segments as the queue orders and groups them. */
export function createLaneScheduler(
  lanes: Lanes,
  { laneCount, batchSize }: { laneCount: number; batchSize: number },
): LaneScheduler {
  const segments = createSegmentQueue<WaitingSegment>({ laneCount, batchSize });
  const detections: WaitingDetection[] = [];
  const cancelFlags = new WeakMap<AbortSignal, Int32Array>();
  const timings: RecognizerTimings = { runMs: 0, totalMs: 0 };
  const running = new Set<Promise<void>>();
  let isClosing = false;

  const occupyLane = (work: Promise<void>) => {
    const occupied = work.finally(() => {
      running.delete(occupied);
      fillLanes();
    });
    running.add(occupied);
  };
  const fillLanes = () => {
    while (running.size < laneCount) {
      const detection = detections.shift();
      const group = detection ? [] : segments.takeGroup();
      if (detection) occupyLane(runDetection(detection));
      else if (group.length > 0) occupyLane(recognizeGroup(group));
      else return;
    }
  };
  // These two settle their requests themselves and never reject.
  const recognizeGroup = async (group: readonly WaitingSegment[]) => {
    const [{ decoding, cancelFlag }] = group as [WaitingSegment];
    // The audio is given away, so its lengths are taken before.
    const lengths = group.map(({ samples }) => samples.length);
    const totalLength = lengths.reduce((sum, length) => sum + length, 0);
    try {
      const { results, timings: spent } = await lanes.recognize({
        segments: group.map(({ samples }) => ({ samples })),
        ...(decoding && { decoding }),
        ...(cancelFlag && { cancelFlag }),
      });
      timings.runMs += spent.runMs;
      timings.totalMs += spent.totalMs;
      group.forEach(({ resolve }, index) => {
        const share = totalLength > 0 ? lengths[index]! / totalLength : 1 / group.length;
        resolve({ ...results[index]!, computeMs: spent.totalMs * share });
      });
    } catch (error) {
      group.forEach(({ reject }) => reject(error as Error));
    }
  };
  const runDetection = async ({ streams, resolve, reject }: WaitingDetection) => {
    try {
      resolve(await lanes.detectSpeech({ streams: [...streams] }));
    } catch (error) {
      reject(error as Error);
    }
  };
  const flagFor = (signal: AbortSignal) => {
    const known = cancelFlags.get(signal);
    if (known) return known;
    const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    cancelFlags.set(signal, flag);
    // Every waiting segment listens.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', () => Atomics.store(flag, 0, 1), { once: true });
    return flag;
  };
  const assertOpen = (signal: AbortSignal | undefined) => {
    if (isClosing || signal?.aborted) throw cancelled();
  };

  return {
    async recognize(request) {
      const { signal } = request;
      assertOpen(signal);
      return rejectOnAbort(signal, (settle) => {
        const waiting = { ...request, ...settle, ...(signal && { cancelFlag: flagFor(signal) }) };
        segments.add(waiting);
        fillLanes();
        return () => segments.remove(waiting);
      });
    },
    async detectSpeech(streams, signal) {
      assertOpen(signal);
      return rejectOnAbort(signal, (settle) => {
        const waiting = { streams, ...settle };
        detections.push(waiting);
        fillLanes();
        return () => {
          const at = detections.indexOf(waiting);
          if (at >= 0) detections.splice(at, 1);
        };
      });
    },
    getTimings: () => Promise.resolve({ ...timings }),
    async close() {
      isClosing = true;
      const waiting = [...segments.clear(), ...detections.splice(0)];
      waiting.forEach(({ reject }) => reject(cancelled()));
      await Promise.all(running);
    },
  };
}

/** A promise that `start` settles, or that rejects as soon as `signal` aborts; `start` returns how to withdraw. */
function rejectOnAbort<Value>(
  signal: AbortSignal | undefined,
  start: (settle: Settle<Value>) => () => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stopListening = () => signal?.removeEventListener('abort', onAbort);
    const withdraw = start({
      resolve: (value) => {
        stopListening();
        resolve(value);
      },
      reject: (error) => {
        stopListening();
        reject(error);
      },
    });
    const onAbort = () => {
      withdraw();
      reject(cancelled());
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
