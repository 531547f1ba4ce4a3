import { type ChildProcess, fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AsrError, cancelled, fromWireError } from '../errors.js';
import {
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentResult,
} from '../recognizer.js';
import { findSileroVadFile } from '../runtime/vad-file.js';
import { type VadResult } from '../speech/silero-vad.js';
import { planAudioBudget } from './audio-budget.js';
import { type Inference } from './inference.js';
import { type LanePoolOptions } from './lane-pool.js';
import { type ChildMessage, type ParentMessage } from './messages.js';

export type InferenceProcessOptions = LanePoolOptions & {
  /** While it starts or has work, no answer for this long means that the process hangs. @defaultValue 300000 */
  stallTimeoutMs?: number;
  /** How long `close` waits for running work before it kills. @defaultValue 10000 */
  closeTimeoutMs?: number;
};

/** Inference in a process of its own. */
export interface InferenceProcess extends Inference {
  /** Pid of the running process, if one runs. */
  readonly pid: number | undefined;
}

const STDERR_TAIL_CHARACTERS = 4_000;

type ReplyValue = SegmentResult | VadResult[] | RecognizerTimings;
type Outstanding = { resolve: (value: ReplyValue) => void; reject: (error: Error) => void };
type Child = {
  process: ChildProcess;
  ready: Promise<RecognizerCapabilities>;
  isReady: boolean;
  outstanding: Map<number, Outstanding>;
  /** Last answer, or when work was handed out to an idle process. */
  aliveAtMs: number;
  /** Rejects whoever waits for an answer or for the start. */
  fail: (error: AsrError) => void;
};
type Request =
  | Omit<Extract<ParentMessage, { kind: 'recognize' }>, 'id' | 'scope'>
  | Omit<Extract<ParentMessage, { kind: 'detect-speech' }>, 'id' | 'scope'>
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
  const request = async (message: Request, signal?: AbortSignal): Promise<ReplyValue> => {
    assertOpen(signal);
    const target = obtainChild();
    await target.ready;
    // Nothing may follow the close message: a process that is ending no longer reads.
    assertOpen(signal);
    const id = nextId++;
    const scope = signal && scopeOf(signal);
    if (target.outstanding.size === 0) target.aliveAtMs = Date.now();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        target.outstanding.delete(id);
        if (scope !== undefined) send(target, { kind: 'cancel', scope });
        reject(cancelled());
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle =
        <Value>(use: (value: Value) => void) =>
        (value: Value) => {
          signal?.removeEventListener('abort', onAbort);
          use(value);
        };
      target.outstanding.set(id, { resolve: settle(resolve), reject: settle(reject) });
      send(target, { ...message, id, ...(scope !== undefined && { scope }) });
      if (message.kind === 'recognize') release(message.samples);
    });
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

  return {
    laneCount,
    capabilities,
    budget: planAudioBudget({ laneCount, capabilities }),
    get pid() {
      return child?.process.pid;
    },
    async recognize({ samples, language, signal }) {
      const message = { kind: 'recognize' as const, samples };
      const reply = request({ ...message, ...(language !== undefined && { language }) }, signal);
      return (await reply) as SegmentResult;
    },
    async detectSpeech(streams, signal) {
      const reply = request({ kind: 'detect-speech', streams: [...streams] }, signal);
      return (await reply) as VadResult[];
    },
    getTimings: async () => (await request({ kind: 'get-timings' })) as RecognizerTimings,
    close: () => (closing ??= close()),
  };
}

function startChild(start: ParentMessage, onEnd: (ended: Child, crash: AsrError) => void): Child {
  const entry = new URL(`./inference-process${extname(import.meta.url)}`, import.meta.url);
  const forked = fork(fileURLToPath(entry), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderrTail = '';
  forked.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
  });
  const { promise: ready, resolve, reject } = withResolvers<RecognizerCapabilities>();
  const started: Child = {
    process: forked,
    ready,
    isReady: false,
    outstanding: new Map(),
    aliveAtMs: Date.now(),
    fail: (error) => {
      reject(error);
      const waiting = [...started.outstanding.values()];
      started.outstanding.clear();
      waiting.forEach((request) => request.reject(error));
    },
  };
  // Whoever asks gets the failure through `ready`; nobody may be asking yet.
  ready.catch(() => undefined);
  forked.on('message', (raw) => {
    const message = raw as ChildMessage;
    started.aliveAtMs = Date.now();
    if (message.kind === 'ready') {
      started.isReady = true;
      if (message.reply.ok) resolve(message.reply.value.capabilities);
      else {
        reject(fromWireError(message.reply.error));
        forked.kill('SIGKILL');
      }
      return;
    }
    const waiting = started.outstanding.get(message.id);
    started.outstanding.delete(message.id);
    if (message.reply.ok) waiting?.resolve(message.reply.value);
    else waiting?.reject(fromWireError(message.reply.error));
  });
  const end = (how: string) =>
    onEnd(
      started,
      new AsrError('INFERENCE_CRASHED', `The inference process ended (${how}).`, {
        details: { stderr: stderrTail },
      }),
    );
  forked.on('exit', (code, signal) => end(signal ?? `exit code ${code ?? 'unknown'}`));
  forked.on('error', (error) => end(error.message));
  send(started, start);
  return started;
}

function send(child: Child, message: ParentMessage): void {
  // A process that is gone answers through its exit event.
  if (child.process.connected) child.process.send(message, () => undefined);
}

/** Gives the memory of audio back that was sent (a message is serialized at once): its sender may hold on to it. */
function release({ buffer, byteLength }: Float32Array): void {
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  if (isWhole) structuredClone(buffer, { transfer: [buffer] });
}

function closeChild(child: Child, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => child.process.kill('SIGKILL'), timeoutMs);
    child.process.once('exit', () => {
      clearTimeout(deadline);
      resolve();
    });
    if (child.process.exitCode !== null || child.process.signalCode !== null) resolve();
    send(child, { kind: 'close' });
  });
}

function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
