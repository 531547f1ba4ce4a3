// What all stores do with content that is handed to them, and with what they hand out.

import { type Readable } from 'node:stream';
import { CodedError } from '../errors/index.js';
import { checkKey } from './object-key.js';
import { type ObjectInfo, type PutOptions } from './object-store.js';

export const MAX_READ_BYTES = 64 * 1024 * 1024;

export function cancelledError(signal?: AbortSignal): CodedError {
  const reason: unknown = signal?.reason;
  if (reason instanceof CodedError) return reason;
  return new CodedError('JOB_CANCELLED', 'The storage operation was cancelled.', { cause: reason });
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelledError(signal);
}

export function checkPut(
  key: string,
  content: Readable | Buffer | string,
  { when, signal }: PutOptions,
): void {
  checkKey(key);
  throwIfCancelled(signal);
  if (when === 'absent' && isStream(content)) {
    throw new TypeError("With `when: 'absent'` the content must be a Buffer or string.");
  }
}

export function isStream(content: Readable | Buffer | string): content is Readable {
  return typeof content !== 'string' && !Buffer.isBuffer(content);
}

export type TakenContent = {
  chunks: () => AsyncGenerator<Buffer>;
  /** The stream's own error, if that is what ended it. */
  failure: () => { error: unknown } | undefined;
  /** Destroys what is left of the stream. */
  release: () => void;
};

/** Takes a stream over: it is destroyed when `signal` fires, and its errors are heard from now on. */
export function takeContent(content: Readable, signal?: AbortSignal): TakenContent {
  let failure: { error: unknown } | undefined;
  const onError = (error: unknown) => (failure ??= { error });
  let giveUp: (error: CodedError) => void = () => undefined;
  const onAbort = () => {
    content.destroy(cancelledError(signal));
    // A stream over a generator that waits for something cannot be destroyed before that comes.
    giveUp(cancelledError(signal));
  };
  content.on('error', onError);
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    async *chunks() {
      try {
        const iterator = content[Symbol.asyncIterator]() as AsyncIterator<unknown, undefined>;
        for (;;) {
          const next = await new Promise<IteratorResult<unknown, undefined>>((resolve, reject) => {
            giveUp = reject;
            iterator.next().then(resolve, reject);
          });
          if (next.done === true) return;
          yield toBuffer(next.value);
        }
      } catch (error) {
        failure ??= { error };
        throw error;
      }
    },
    failure: () => failure,
    release: () => {
      signal?.removeEventListener('abort', onAbort);
      content.destroy();
    },
  };
}

function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  throw new TypeError('A stream to be stored must yield bytes or strings.');
}

/** All of a body, which is destroyed where it is larger than `maxBytes`. */
export async function readWhole(
  { info, body }: { info: ObjectInfo; body: Readable },
  maxBytes = MAX_READ_BYTES,
): Promise<Buffer> {
  try {
    checkReadable(info, maxBytes);
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(toBuffer(chunk));
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  } finally {
    body.destroy();
  }
}

export function checkReadable({ key, bytes }: ObjectInfo, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new CodedError(
    'SOURCE_TOO_LARGE',
    `"${key}" has ${bytes} bytes; at most ${maxBytes} are read at once.`,
  );
}

export function notFoundError(url: string, key: string, cause?: unknown): CodedError {
  return new CodedError('STORE_NOT_FOUND', `There is no "${key}" in ${url}.`, { cause });
}

export function changedError(url: string, key: string, cause?: unknown): CodedError {
  return new CodedError('SOURCE_CHANGED', `"${key}" in ${url} changed while it was in use.`, {
    cause,
  });
}
