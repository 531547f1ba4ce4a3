// Who gets a lane next. A request waits, runs on a lane, and settles; what is cancelled settles at once, wherever it is:
//
//     waiting ── a lane is free ──▶ running ── the lane answers ──▶ settled
//        └── cancelled, or the scheduler closes ───────────────────────▲

import { setMaxListeners } from 'node:events';
import { cancelled } from '../errors.js';
import { type RecognizerTimings, type SegmentResult } from '../recognizer.js';
import { type VadResult, type VadState, createVadState } from '../speech/silero-vad.js';
import { type Inference, type RecognizeRequest } from './inference.js';
import { type DetectSpeechTask, type LaneResult, type RecognizeTask } from './messages.js';
import { createSegmentQueue } from './segment-queue.js';

/** Runs tasks on whichever lane is free. Both reject with an `AsrError`. */
export type Lanes = {
  recognize(task: RecognizeTask): Promise<LaneResult>;
  detectSpeech(task: DetectSpeechTask): Promise<VadResult[]>;
};

export type LaneScheduler = Pick<Inference, 'recognize' | 'listen' | 'getTimings' | 'close'>;

type Settle<Value> = { resolve: (value: Value) => void; reject: (error: Error) => void };
type WaitingSegment = RecognizeRequest & Settle<SegmentResult> & { cancelFlag?: Int32Array };
/** What the detector knows of a recording: its next block goes on from there, once no lane has one of its blocks. */
type Listened = { states: readonly VadState[]; isInLane: boolean; failure?: Error };
type WaitingBlock = Settle<VadResult[]> & { block: readonly Float32Array[]; listened: Listened };

/** So many blocks may be heard one after the other; then segments have a turn. */
const MAX_BLOCKS_IN_ROW = 16;

/**
 * Keeps `laneCount` lanes busy: speech detection first (who prepares a long recording has work for all hosts), then
 * segments as the queue orders and groups them.
 */
export function createLaneScheduler(
  lanes: Lanes,
  { laneCount, batchSize }: { laneCount: number; batchSize: number },
): LaneScheduler {
  const segments = createSegmentQueue<WaitingSegment>({ laneCount, batchSize });
  const blocks: WaitingBlock[] = [];
  let blocksInRow = 0;
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
      const block = takeBlock();
      const group = block ? [] : segments.takeGroup();
      if (!block && group.length === 0) return;
      blocksInRow = block ? blocksInRow + 1 : 0;
      occupyLane(block ? judgeBlock(block) : recognizeGroup(group));
    }
  };
  const takeBlock = (): WaitingBlock | undefined => {
    if (blocksInRow >= MAX_BLOCKS_IN_ROW && segments.size > 0) return undefined;
    const at = blocks.findIndex(({ listened }) => !listened.isInLane);
    return at < 0 ? undefined : blocks.splice(at, 1)[0];
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
  const judgeBlock = async ({ block, listened, resolve, reject }: WaitingBlock) => {
    listened.isInLane = true;
    try {
      // What comes behind a block that failed would go on from a wrong state.
      if (listened.failure) throw listened.failure;
      const { states } = listened;
      const results = await lanes.detectSpeech({
        streams: block.map((samples, channel) => ({
          samples,
          state: states[channel] ?? createVadState(),
        })),
      });
      listened.states = results.map(({ state }) => state);
      resolve(results);
    } catch (error) {
      listened.failure = error as Error;
      reject(listened.failure);
    } finally {
      listened.isInLane = false;
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
    listen(states = []) {
      const listened: Listened = { states, isInLane: false };
      return {
        async hear(block, signal) {
          assertOpen(signal);
          return rejectOnAbort(signal, (settle) => {
            const waiting = { block, listened, ...settle };
            blocks.push(waiting);
            fillLanes();
            return () => {
              const at = blocks.indexOf(waiting);
              if (at >= 0) blocks.splice(at, 1);
              listened.failure = cancelled();
            };
          });
        },
        close: () => undefined,
      };
    },
    getTimings: () => Promise.resolve({ ...timings }),
    async close() {
      isClosing = true;
      const waiting = [...segments.clear(), ...blocks.splice(0)];
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
