import { type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { toFileError } from './file-errors.js';
import { toFileInfo } from './file-info.js';
import { type ObjectInfo } from './object-store.js';
import { changedError } from './stored-content.js';

const READ_BYTES = 256 * 1024;

export type FileBodyOptions = {
  start: number;
  end: number;
  url: string;
  info: ObjectInfo;
  signal: AbortSignal | undefined;
};

/** Reads an open file, which keeps its content when its name is given to another. Closes it. */
export function createFileBody(
  handle: FileHandle,
  { start, end, url, info, signal }: FileBodyOptions,
): Readable {
  let position = start;
  const readNext = async () => {
    if (position < end) {
      const wanted = Math.min(READ_BYTES, end - position);
      const { buffer, bytesRead } = await handle.read(
        Buffer.allocUnsafe(wanted),
        0,
        wanted,
        position,
      );
      position += bytesRead;
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    }
    // Somebody wrote to the file itself, as our own `put` never does.
    const now = toFileInfo(info.key, await handle.stat({ bigint: true }));
    if (now.etag !== info.etag) throw changedError(url, info.key);
    return null;
  };
  const body = new Readable({
    read() {
      throwIntoBody(body, info.key, signal, async () => body.push(await readNext()));
    },
    destroy(error, callback) {
      signal?.removeEventListener('abort', onAbort);
      handle.close().then(
        () => callback(error),
        (closeError: unknown) => callback(error ?? (closeError as Error)),
      );
    },
  });
  const onAbort = () => void body.destroy(toFileError(signal?.reason, info.key, signal) as Error);
  signal?.addEventListener('abort', onAbort, { once: true });
  return body;
}

function throwIntoBody(
  body: Readable,
  key: string,
  signal: AbortSignal | undefined,
  work: () => Promise<unknown>,
): void {
  work().catch((error: unknown) => {
    // Once it is destroyed the file is closed, and a read that was under way fails.
    if (!body.destroyed) body.destroy(toFileError(error, key, signal) as Error);
  });
}
