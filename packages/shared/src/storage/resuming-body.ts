// A body over connections that drop or fall silent.
//
//   reading   bytes come; each resets the count of fruitless connections
//   → end     all bytes of the range were delivered
//   → opening the connection ended early, failed, or sent nothing for `idleTimeoutMs` while the reader waited;
//             the rest is asked for, after a growing pause
//   → failed  too many connections in a row brought no byte, or `open` threw (it has its own retries)

import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../errors/index.js';
import { cancelledError } from './stored-content.js';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2000;

export type ResumingBodyOptions = {
  /** The connection that is open already; it begins at `start`. */
  first: Readable;
  start: number;
  /** First position not wanted. */
  end: number;
  /** Opens another that begins at `position`. What it throws ends the body. */
  open: (position: number, signal: AbortSignal) => Promise<Readable>;
  idleTimeoutMs: number;
  /** Connections in a row that may end without a byte. */
  maxFruitless: number;
  /** Of the object, for messages. */
  subject: string;
  signal?: AbortSignal | undefined;
};

export function createResumingBody(options: ResumingBodyOptions): Readable {
  const { first, start, end, open, idleTimeoutMs, maxFruitless, subject, signal } = options;
  const closing = new AbortController();
  let source: Readable | undefined = listenTo(first);
  let position = start;
  let fruitless = 0;

  async function nextChunk(): Promise<Buffer | null> {
    while (position < end) {
      let cause: unknown;
      source ??= listenTo(await open(position, closing.signal));
      try {
        const chunk = await readChunk(source, idleTimeoutMs);
        if (chunk !== undefined) {
          fruitless = 0;
          const wanted = chunk.subarray(0, end - position);
          position += wanted.length;
          return wanted;
        }
      } catch (error) {
        cause = error;
      }
      source.destroy();
      source = undefined;
      fruitless += 1;
      if (fruitless > maxFruitless) throw interruptedError(subject, position, cause);
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (fruitless - 1), MAX_PAUSE_MS);
      await delay(pauseMs, undefined, { signal: closing.signal });
    }
    // Lets the connection come to its end, so that it can be used again.
    source?.resume();
    source = undefined;
    return null;
  }

  const body = new Readable({
    read() {
      nextChunk().then(
        (chunk) => body.push(chunk),
        (error: unknown) => {
          if (!body.destroyed) body.destroy(error as Error);
        },
      );
    },
    destroy(error, callback) {
      signal?.removeEventListener('abort', onAbort);
      closing.abort();
      source?.destroy();
      callback(error);
    },
  });
  const onAbort = () => void body.destroy(cancelledError(signal));
  signal?.addEventListener('abort', onAbort, { once: true });
  return body;
}

/** An error between two reads must not go unheard: it would end the process. */
function listenTo(source: Readable): Readable {
  return source.on('error', () => undefined);
}

/** What has come, or the next to come; undefined at the end. Time counts only while nothing is there. */
function readChunk(source: Readable, idleTimeoutMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      source.off('readable', onState).off('end', onState).off('close', onState);
      source.off('error', onState);
      settle();
    };
    const onState = () => {
      const chunk = source.read() as Buffer | null;
      if (chunk !== null) finish(() => resolve(chunk));
      else if (source.errored !== null) finish(() => reject(toError(source.errored)));
      else if (source.readableEnded || source.destroyed) finish(() => resolve(undefined));
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`No byte came for ${idleTimeoutMs} ms.`))),
      idleTimeoutMs,
    );
    source.on('readable', onState).on('end', onState).on('close', onState).on('error', onState);
    onState();
  });
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function interruptedError(subject: string, position: number, cause: unknown): CodedError {
  return new CodedError(
    'STORE_UNAVAILABLE',
    `The connection broke again and again at byte ${position} of ${subject}.`,
    { cause },
  );
}
