// Entry of the inference process: a lane pool behind messages. A native crash, a hang or a lack of memory ends this
// process and not its parent.

import { AsrError, toWireError } from '../errors.js';
import { createCancelScopes } from './cancel-scopes.js';
import { type Inference, type SpeechListener } from './inference.js';
import { type VadState } from '../speech/silero-vad.js';
import { openLanePool } from './lane-pool.js';
import { type ChildMessage, type ParentMessage } from './messages.js';

/** How often the parent hears that model runs go on. */
const PULSE_INTERVAL_MS = 1_000;

const scopes = createCancelScopes();
const pulse = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const listeners = new Map<number, Promise<SpeechListener>>();
let opening: Promise<Inference> | undefined;

// The parent decides when this process ends: Ctrl-C reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without a parent there is nobody to work for. An ordinary exit during a model run would abort noisily.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message) => {
  handle(message as ParentMessage);
});

// A long group of segments gives no answer for minutes, and is no stall.
setInterval(() => {
  if (Atomics.exchange(pulse, 0, 0) !== 0) send({ kind: 'alive' });
}, PULSE_INTERVAL_MS).unref();

function handle(message: ParentMessage): void {
  switch (message.kind) {
    case 'start':
      opening = openLanePool({ ...message.lane, laneCount: message.laneCount, pulse });
      opening.then(
        ({ capabilities }) => send({ kind: 'ready', reply: { ok: true, value: { capabilities } } }),
        (error: unknown) =>
          send({ kind: 'ready', reply: { ok: false, error: toWireError(error) } }),
      );
      return;
    case 'recognize': {
      const { samples, decoding } = message;
      // Received arrays are views of one shared message buffer: a copy of its own can be moved to a lane.
      const request = { samples: samples.slice(), ...(decoding && { decoding }) };
      answer(message, (inference, signal) =>
        inference.recognize({ ...request, ...(signal && { signal }) }),
      );
      return;
    }
    case 'hear': {
      const listener = listeners.get(message.listener) ?? listen(message.states);
      listeners.set(message.listener, listener);
      answer(message, async (_, signal) => (await listener).hear(message.block, signal));
      return;
    }
    case 'forget':
      listeners.delete(message.listener);
      return;
    case 'get-timings':
      answer(message, (inference) => inference.getTimings());
      return;
    case 'cancel':
      scopes.cancel(message.scope);
      return;
    case 'close':
      // Never rejects; the process ends by itself when all is closed.
      void close();
  }
}

async function listen(states: readonly VadState[] | undefined): Promise<SpeechListener> {
  const inference = await obtainInference();
  return inference.listen(states);
}

function obtainInference(): Promise<Inference> {
  return (
    opening ??
    Promise.reject(new AsrError('INFERENCE_FAILED', 'The inference process was not started.'))
  );
}

type Answer = Extract<ChildMessage, { kind: 'reply' }>['reply'];
type AnswerValue = Extract<Answer, { ok: true }>['value'];

function answer(
  { id, scope }: { id: number; scope?: number },
  work: (inference: Inference, signal: AbortSignal | undefined) => Promise<AnswerValue>,
): void {
  const signal = scope === undefined ? undefined : scopes.enter(scope);
  const started = obtainInference().then((inference) => work(inference, signal));
  const settle = (reply: Answer) => {
    if (scope !== undefined) scopes.leave(scope);
    send({ kind: 'reply', id, reply });
  };
  started.then(
    (value) => settle({ ok: true, value }),
    (error: unknown) => settle({ ok: false, error: toWireError(error) }),
  );
}

async function close(): Promise<void> {
  await opening?.then(
    (inference) => inference.close(),
    () => undefined,
  );
  process.removeAllListeners('disconnect');
  // It may have been asked twice.
  if (process.connected) process.disconnect();
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}
