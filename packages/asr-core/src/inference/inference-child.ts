// The parent's side of an inference process: what it is asked, what it answers, how it ends.

import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AsrError, fromWireError } from '../errors.js';
import {
  type RecognizerCapabilities,
  type RecognizerTimings,
  type SegmentResult,
} from '../recognizer.js';
import { type VadResult } from '../speech/silero-vad.js';
import { planChildEnvironment } from './child-environment.js';
import { type ChildMessage, type ParentMessage } from './messages.js';

const STDERR_TAIL_CHARACTERS = 4_000;

export type ReplyValue = SegmentResult | VadResult[] | RecognizerTimings;

/** A request that has no answer yet. */
export type Outstanding = {
  resolve: (value: ReplyValue) => void;
  reject: (error: Error) => void;
  /** Resolves when it has its answer, of whatever kind. */
  settled: Promise<unknown>;
};

export type Child = {
  process: ChildProcess;
  ready: Promise<RecognizerCapabilities>;
  isReady: boolean;
  outstanding: Map<number, Outstanding>;
  /** Last sign of life, or when work was handed out to an idle process. */
  aliveAtMs: number;
  /** Rejects whoever waits for an answer or for the start. */
  fail: (error: AsrError) => void;
};

/** Forks a process and lets it open its lanes; `onEnd` is told once, however it ends. */
export function startChild(
  start: Extract<ParentMessage, { kind: 'start' }>,
  onEnd: (ended: Child, crash: AsrError) => void,
): Child {
  const entry = new URL(`./inference-process${extname(import.meta.url)}`, import.meta.url);
  const forked = fork(fileURLToPath(entry), {
    serialization: 'advanced',
    // eslint-disable-next-line no-restricted-syntax -- Handed on; nothing is configured by it.
    env: planChildEnvironment(start.lane.model, process.env),
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
    if (message.kind === 'alive') return;
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
  const end = (how: string, facts: { exitCode?: number | null; signal?: string | null } = {}) =>
    onEnd(
      started,
      new AsrError('INFERENCE_CRASHED', `The inference process ended (${how}).`, {
        details: { ...facts, stderr: stderrTail },
      }),
    );
  forked.on('exit', (exitCode, signal) =>
    end(signal ?? `exit code ${exitCode ?? 'unknown'}`, { exitCode, signal }),
  );
  forked.on('error', (error) => end(error.message));
  send(started, start);
  return started;
}

export function send(child: Child, message: ParentMessage): void {
  // A process that is gone answers through its exit event.
  if (child.process.connected) child.process.send(message, () => undefined);
}

/** Asks the process to end, and kills it if it has not done so in time. */
export function closeChild(child: Child, timeoutMs: number): Promise<void> {
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

export function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
