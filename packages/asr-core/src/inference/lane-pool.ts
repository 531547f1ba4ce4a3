import { setMaxListeners } from 'node:events';
import { extname } from 'node:path';
import { Piscina } from 'piscina';
import { AsrError, cancelled, fromWireError } from '../errors.js';
import { type RecognizerTimings, type SegmentResult } from '../recognizer.js';
import { findSileroVadFile } from '../runtime/vad-file.js';
import { type VadResult, type VadStream } from '../speech/silero-vad.js';
import { type Inference, type RecognizeRequest } from './inference.js';
import {
  type DetectSpeechTask,
  type LaneDescription,
  type LaneOptions,
  type LaneResult,
  type RecognizeTask,
  type Reply,
} from './messages.js';
import { createSegmentQueue } from './segment-queue.js';

export type LanePoolOptions = Omit<LaneOptions, 'vadPath'> & {
  laneCount: number;
  /** @defaultValue the Silero v6 graph of the installed @ricky0123/vad-web */
  vadPath?: string;
};

type WaitingSegment = RecognizeRequest & {
  cancelFlag: Int32Array;
  resolve: (result: SegmentResult) => void;
  reject: (error: Error) => void;
};
type WaitingDetection = { start: () => Promise<void> };

/**
 * Opens inference lanes as threads of this process. A thread inside a model run must never be ended, so there is no
 * time-out here: where one is needed, use {@link startInferenceProcess}.
 * @throws AsrError `MODEL_…`
 */
export async function openLanePool({
  model,
  laneCount,
  vadPath = findSileroVadFile(),
}: LanePoolOptions): Promise<Inference> {
  const piscina = new Piscina({
    filename: new URL(`./inference-lane${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: laneCount,
    maxThreads: laneCount,
    workerData: { model, vadPath } satisfies LaneOptions,
  });
  const described = unwrap(
    (await piscina.run(undefined, { name: 'describe' })) as Reply<LaneDescription>,
  );
  if (!described.ok) {
    await piscina.close();
    throw described.error;
  }
  const { capabilities, batchSize } = described.value;
  const segments = createSegmentQueue<WaitingSegment>({ laneCount, batchSize });
  const detections: WaitingDetection[] = [];
  const cancelFlags = new WeakMap<AbortSignal, Int32Array>();
  const timings: RecognizerTimings = { runMs: 0, totalMs: 0 };
  let busyLanes = 0;
  let isClosing = false;

  const occupyLane = (work: () => Promise<void>) => {
    busyLanes += 1;
    // `work` settles its requests itself and never rejects.
    void work().finally(() => {
      busyLanes -= 1;
      fillLanes();
    });
  };
  const fillLanes = () => {
    while (busyLanes < laneCount) {
      const detection = detections.shift();
      const group = detection ? [] : segments.takeGroup();
      if (detection) occupyLane(detection.start);
      else if (group.length > 0) occupyLane(() => recognizeGroup(group));
      else return;
    }
  };
  const recognizeGroup = async (group: readonly WaitingSegment[]) => {
    const [{ language, cancelFlag }] = group as [WaitingSegment];
    const task: RecognizeTask = {
      segments: group.map(({ samples }) => ({ samples })),
      ...(language !== undefined && { language }),
      cancelFlag,
    };
    const transferList = group.map(({ samples }) => samples.buffer as ArrayBuffer);
    const reply = await runTask<LaneResult>('recognize', task, transferList);
    if (!reply.ok) {
      group.forEach(({ reject }) => reject(reply.error));
      return;
    }
    timings.runMs += reply.value.timings.runMs;
    timings.totalMs += reply.value.timings.totalMs;
    group.forEach(({ resolve }, index) => resolve(reply.value.results[index]!));
  };
  const runTask = async <Value>(
    name: string,
    task: RecognizeTask | DetectSpeechTask,
    transferList: ArrayBuffer[],
  ) => {
    try {
      return unwrap((await piscina.run(task, { name, transferList })) as Reply<Value>);
    } catch (cause) {
      const error = new AsrError('INFERENCE_FAILED', 'An inference lane failed.', { cause });
      return { ok: false as const, error };
    }
  };
  const flagFor = (signal: AbortSignal | undefined) => {
    const known = signal && cancelFlags.get(signal);
    if (known) return known;
    const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    if (signal) {
      cancelFlags.set(signal, flag);
      // Every waiting segment listens.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', () => Atomics.store(flag, 0, 1), { once: true });
    }
    return flag;
  };
  const assertOpen = (signal: AbortSignal | undefined) => {
    if (isClosing || signal?.aborted) throw cancelled();
  };

  return {
    laneCount,
    capabilities,
    async recognize(request) {
      assertOpen(request.signal);
      return rejectOnAbort(request.signal, (settle) => {
        const waiting = {
          ...request,
          ...settle,
          cancelFlag: flagFor(request.signal),
        };
        segments.add(waiting);
        fillLanes();
        return () => segments.remove(waiting);
      });
    },
    async detectSpeech(streams, signal) {
      assertOpen(signal);
      return rejectOnAbort<VadResult[]>(signal, ({ resolve, reject }) => {
        const waiting = {
          start: async () => {
            const reply = await runTask<VadResult[]>('detectSpeech', { streams: [...streams] }, [
              ...new Set(streams.map(({ samples }: VadStream) => samples.buffer as ArrayBuffer)),
            ]);
            if (reply.ok) resolve(reply.value);
            else reject(reply.error);
          },
        };
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
      detections.length = 0;
      segments.clear().forEach(({ reject }) => reject(cancelled()));
      await piscina.close();
    },
  };
}

function unwrap<Value>(
  reply: Reply<Value>,
): { ok: true; value: Value } | { ok: false; error: AsrError } {
  return reply.ok ? reply : { ok: false, error: fromWireError(reply.error) };
}

/** A promise that `start` settles, or that rejects as soon as `signal` aborts; `start` returns how to withdraw. */
function rejectOnAbort<Value>(
  signal: AbortSignal | undefined,
  start: (settle: {
    resolve: (value: Value) => void;
    reject: (error: Error) => void;
  }) => () => void,
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
