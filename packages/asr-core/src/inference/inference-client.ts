import { setMaxListeners } from 'node:events';
import { AsrError, cancelled } from '../errors.js';
import { type RecognizerTimings, type SegmentResult } from '../recognizer.js';
import { readPrivateBytes } from '../runtime/process-memory.js';
import { findSileroVadFile } from '../runtime/vad-file.js';
import { type VadResult, type VadState } from '../speech/silero-vad.js';
import { planAudioBudget } from './audio-budget.js';
import {
  type Child,
  type ReplyValue,
  closeChild,
  send,
  startChild,
  withResolvers,
} from './inference-child.js';
import { type Inference, type SpeechListener } from './inference.js';
import { type LanePoolOptions } from './lane-pool.js';
import { type ParentMessage } from './messages.js';
import { createRemoteListener } from './remote-listener.js';

export type InferenceProcessOptions = Omit<LanePoolOptions, 'pulse'> & {
  /** While it starts or has work, no sign of life for this long means that the process hangs. @defaultValue 300000 */
  stallTimeoutMs?: number;
  /** How long `close` waits for running work before it kills. @defaultValue 10000 */
  closeTimeoutMs?: number;
};

/** Inference in a process of its own. Its timings begin anew with each process. */
export interface InferenceProcess extends Inference {
  /** Pid of the running process, if one runs. */
  readonly pid: number | undefined;
  /**
   * Ends the process when its outstanding work is done, which gives its memory back. What is asked for meanwhile waits
   * for the next process; nothing is rejected. Never rejects.
   */
  recycle(): Promise<void>;
  /** Memory that the process shares with no other, in bytes; undefined where none runs, or the system does not tell. */
  readPrivateBytes(): Promise<number | undefined>;
}

type Request =
  | Omit<Extract<ParentMessage, { kind: 'recognize' }>, 'id' | 'scope'>
  | Omit<Extract<ParentMessage, { kind: 'hear' }>, 'id' | 'scope'>
  | Omit<Extract<ParentMessage, { kind: 'get-timings' }>, 'id'>;

/**
 * Starts inference in a child process, which a crash or a hang in native code cannot outlive and the caller can.
 * What was outstanding at a crash rejects with `INFERENCE_CRASHED` (or `INFERENCE_TIMEOUT`); the next request
 * starts a new process.
 * @throws AsrError `MODEL_…`, `INFERENCE_CRASHED`
 */
export async function startInferenceProcess({
  model,
  laneCount,
  vadPath = findSileroVadFile(),
  stallTimeoutMs = 300_000,
  closeTimeoutMs = 10_000,
}: InferenceProcessOptions): Promise<InferenceProcess> {
  const scopes = new WeakMap<AbortSignal, number>();
  let nextId = 1;
  let isClosed = false;
  let child: Child | undefined;
  let recycling: Promise<void> | undefined;

  const forget = (ended: Child) => {
    if (child === ended) child = undefined;
  };
  const obtainChild = () => {
    child ??= startChild({ kind: 'start', lane: { model, vadPath }, laneCount }, (ended, crash) => {
      forget(ended);
      ended.fail(isClosed ? cancelled() : crash);
    });
    return child;
  };
  const assertOpen = (signal: AbortSignal | undefined) => {
    if (isClosed || signal?.aborted) throw cancelled();
  };
  /** `compose` is asked when it is certain which process gets the message. */
  const request = async (
    compose: (target: Child) => Request,
    signal?: AbortSignal,
  ): Promise<ReplyValue> => {
    const scope = signal && scopeOf(signal);
    let target: Child | undefined;
    // Nothing may follow the close message: a process that is ending no longer reads.
    while (target === undefined || target !== child || recycling) {
      assertOpen(signal);
      if (recycling) {
        await orAbort(recycling, signal);
      } else {
        target = obtainChild();
        await orAbort(target.ready, signal);
      }
    }
    assertOpen(signal);
    const id = nextId++;
    if (target.outstanding.size === 0) target.aliveAtMs = Date.now();
    const { promise, resolve, reject } = withResolvers<ReplyValue>();
    const asked = target;
    const onAbort = () => {
      asked.outstanding.delete(id);
      if (scope !== undefined) send(asked, { kind: 'cancel', scope });
      reject(cancelled());
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const settled = promise
      .catch(() => undefined)
      .finally(() => signal?.removeEventListener('abort', onAbort));
    asked.outstanding.set(id, { resolve, reject, settled });
    const message = compose(asked);
    send(asked, { ...message, id, ...(scope !== undefined && { scope }) });
    if (message.kind === 'recognize') release(message.samples);
    return promise;
  };
  const scopeOf = (signal: AbortSignal) => {
    const known = scopes.get(signal);
    if (known !== undefined) return known;
    const scope = nextId++;
    scopes.set(signal, scope);
    // Every outstanding segment listens.
    setMaxListeners(0, signal);
    return scope;
  };
  const listen = (states?: readonly VadState[]): SpeechListener => {
    const listener = nextId++;
    return createRemoteListener<Child>({
      states,
      ask: async (compose, signal) => {
        const toMessage = (target: Child): Request => ({
          ...{ kind: 'hear', listener },
          ...compose(target),
        });
        return (await request(toMessage, signal)) as VadResult[];
      },
      forget: (holder) => {
        if (holder === child) send(holder, { kind: 'forget', listener });
      },
    });
  };
  const watchdog = setInterval(
    () => {
      if (!child || (child.isReady && child.outstanding.size === 0)) return;
      if (Date.now() - child.aliveAtMs < stallTimeoutMs) return;
      child.fail(
        new AsrError(
          'INFERENCE_TIMEOUT',
          `Inference gave no answer for ${stallTimeoutMs / 1000} s; its process was ended.`,
        ),
      );
      child.process.kill('SIGKILL');
      forget(child);
    },
    Math.min(stallTimeoutMs, 1_000),
  );
  watchdog.unref();

  const capabilities = await obtainChild().ready.catch((error: unknown) => {
    clearInterval(watchdog);
    throw error;
  });

  const close = async () => {
    isClosed = true;
    clearInterval(watchdog);
    if (child) await closeChild(child, closeTimeoutMs);
  };
  let closing: Promise<void> | undefined;
  const recycle = async () => {
    const ending = child;
    if (!ending || isClosed) return;
    await ending.ready.catch(() => undefined);
    await Promise.all([...ending.outstanding.values()].map(({ settled }) => settled));
    // It may have crashed, or been closed, in the meantime.
    if (child === ending) await closeChild(ending, closeTimeoutMs);
  };

  return {
    laneCount,
    capabilities,
    budget: planAudioBudget({ laneCount, capabilities }),
    get pid() {
      return child?.process.pid;
    },
    async recognize({ signal, ...segment }) {
      return (await request(() => ({ kind: 'recognize', ...segment }), signal)) as SegmentResult;
    },
    listen,
    getTimings: async () => (await request(() => ({ kind: 'get-timings' }))) as RecognizerTimings,
    recycle: () => (recycling ??= recycle().finally(() => (recycling = undefined))),
    readPrivateBytes: () => readPrivateBytes(child?.process.pid),
    close: () => (closing ??= close()),
  };
}

/** The same promise, but `CANCELLED` as soon as the signal aborts. */
function orAbort<Value>(promise: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Gives the memory of audio back that was sent (a message is serialized at once): its sender may hold on to it. */
function release({ buffer, byteLength }: Float32Array): void {
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  if (isWhole) structuredClone(buffer, { transfer: [buffer] });
}
