// Entry of the inference process: a lane pool behind messages. A native crash, a hang or a lack of memory ends this
// process and not its parent.

import { AsrError, toWireError } from '../errors.js';
import { type Inference } from './inference.js';
import { openLanePool } from './lane-pool.js';
import { type ChildMessage, type ParentMessage } from './messages.js';

const scopes = new Map<number, AbortController>();
let opening: Promise<Inference> | undefined;

// The parent decides when this process ends: Ctrl-C reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without a parent there is nobody to work for. An ordinary exit during a model run would abort noisily.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message) => {
  handle(message as ParentMessage);
});

function handle(message: ParentMessage): void {
  switch (message.kind) {
    case 'start':
      opening = openLanePool({ ...message.lane, laneCount: message.laneCount });
      opening.then(
        ({ capabilities }) => send({ kind: 'ready', reply: { ok: true, value: { capabilities } } }),
        (error: unknown) =>
          send({ kind: 'ready', reply: { ok: false, error: toWireError(error) } }),
      );
      return;
    case 'recognize': {
      const { id, samples, language, scope } = message;
      // Received arrays are views of one shared message buffer: a copy of its own can be moved to a lane.
      const request = { samples: samples.slice(), ...(language !== undefined && { language }) };
      answer(id, (inference) => inference.recognize({ ...request, ...signalOf(scope) }));
      return;
    }
    case 'detect-speech': {
      const { id, streams, scope } = message;
      const own = streams.map(({ samples, state }) => ({ samples: samples.slice(), state }));
      answer(id, (inference) => inference.detectSpeech(own, signalOf(scope).signal));
      return;
    }
    case 'get-timings':
      answer(message.id, (inference) => inference.getTimings());
      return;
    case 'cancel':
      scopes.get(message.scope)?.abort();
      scopes.delete(message.scope);
      return;
    case 'close':
      void close();
  }
}

type Answer = Extract<ChildMessage, { kind: 'reply' }>['reply'];
type AnswerValue = Extract<Answer, { ok: true }>['value'];

function answer(id: number, work: (inference: Inference) => Promise<AnswerValue>): void {
  const started = opening
    ? opening.then(work)
    : Promise.reject(new AsrError('INFERENCE_FAILED', 'The inference process was not started.'));
  started.then(
    (value) => send({ kind: 'reply', id, reply: { ok: true, value } }),
    (error: unknown) =>
      send({ kind: 'reply', id, reply: { ok: false, error: toWireError(error) } }),
  );
}

function signalOf(scope: number | undefined): { signal?: AbortSignal } {
  if (scope === undefined) return {};
  const controller = scopes.get(scope) ?? new AbortController();
  scopes.set(scope, controller);
  return { signal: controller.signal };
}

async function close(): Promise<void> {
  await opening?.then(
    (inference) => inference.close(),
    () => undefined,
  );
  process.removeAllListeners('disconnect');
  process.disconnect();
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}
