// Files of recordings that are not local, in a folder of one host. Each carries the process's id, so that what a
// killed process left behind can be told from what another one is writing.

import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../errors/index.js';
import { getSystemCode } from './source-errors.js';

const DOWNLOAD_NAME = /^(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export type Download = {
  path: string;
  readonly bytes: number;
  /** @throws CodedError `SOURCE_TOO_LARGE`, `STORE_FULL`, `STORE_UNAVAILABLE` */
  write: (chunk: Uint8Array) => Promise<void>;
  /** Forgets what has been written. */
  restart: () => Promise<void>;
  /** No more is written; the file stays. */
  finish: () => Promise<void>;
  /** Removes the file. Idempotent. */
  discard: () => Promise<void>;
};

export type DownloadOptions = {
  maxBytes: number;
  /** What is fetched, for messages. */
  shown: string;
};

/** Opens a new file in `folder`, which is made where it is missing. */
export async function openDownload(
  folder: string,
  { maxBytes, shown }: DownloadOptions,
): Promise<Download> {
  const path = join(folder, `${process.pid}-${randomUUID()}`);
  const file = await guardDisk(async () => {
    await mkdir(folder, { recursive: true });
    return open(path, 'wx', 0o600);
  });
  let bytes = 0;

  async function write(chunk: Uint8Array): Promise<void> {
    if (bytes + chunk.byteLength > maxBytes) throw tooLarge(shown, maxBytes);
    await guardDisk(async () => {
      let written = 0;
      while (written < chunk.byteLength) {
        const { bytesWritten } = await file.write(
          chunk,
          written,
          chunk.byteLength - written,
          bytes,
        );
        written += bytesWritten;
        bytes += bytesWritten;
      }
    });
  }

  return {
    path,
    get bytes() {
      return bytes;
    },
    write,
    restart: async () => {
      bytes = 0;
      await guardDisk(() => file.truncate(0));
    },
    finish: () => guardDisk(() => file.close()),
    discard: async () => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

export function tooLarge(shown: string, maxBytes: number): CodedError {
  return new CodedError(
    'SOURCE_TOO_LARGE',
    `${shown} is larger than the limit of ${maxBytes} bytes.`,
  );
}

/** Removes what processes that no longer run have left in a folder of downloads. */
export async function removeAbandonedDownloads(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = DOWNLOAD_NAME.exec(name)?.[1];
    const path = join(folder, name);
    if (pid !== undefined && (await isAbandoned(path, Number(pid))))
      await rm(path, { force: true });
  }
}

/** In a container a process has the id of the one before it: its own files are those younger than itself. */
async function isAbandoned(path: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return !isAlive(pid);
  const startedAt = Date.now() - process.uptime() * 1000;
  const modifiedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
  return modifiedAt < startedAt;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return getSystemCode(error) !== 'ESRCH';
  }
}

async function guardDisk<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = getSystemCode(error) ?? 'unknown error';
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new CodedError(
      isFull ? 'STORE_FULL' : 'STORE_UNAVAILABLE',
      `The download folder cannot be written (${code}).`,
      { cause: error },
    );
  }
}
