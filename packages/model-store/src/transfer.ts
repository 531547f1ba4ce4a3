// What a pull and an import share: progress, room on the disk, and what a cancelled one throws.

import { mkdir, statfs } from 'node:fs/promises';
import { ModelStoreError, toDiskError } from './errors.js';

export type FileProgress = { path: string; fileDoneBytes: number; fileTotalBytes: number };

/** Where a transfer is, and the file that is being fetched or copied. */
export type TransferProgress = FileProgress & {
  /** Over all files of the transfer, including what was there before. */
  doneBytes: number;
  totalBytes: number;
};

export type TransferOptions = {
  /** How long to wait while another process changes this model, in ms. @defaultValue 0 */
  lockWaitMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called often; must be quick. */
  onProgress?: ((progress: TransferProgress) => void) | undefined;
};

/** Turns each file's progress into that of the whole. */
export function createProgress(
  totalBytes: number,
  onProgress: TransferOptions['onProgress'],
): { update: (file: FileProgress) => void } {
  const done = new Map<string, number>();
  return {
    update(file) {
      done.set(file.path, file.fileDoneBytes);
      const doneBytes = [...done.values()].reduce((sum, bytes) => sum + bytes, 0);
      onProgress?.({ ...file, doneBytes, totalBytes });
    },
  };
}

/** @throws ModelStoreError `MODEL_DISK_FULL` before anything is written, rather than after an hour */
export async function ensureFreeSpace(folder: string, neededBytes: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes) return;
  throw new ModelStoreError(
    'MODEL_DISK_FULL',
    `${folder} has room for ${String(bavail * bsize)} bytes, but ${String(neededBytes)} are needed.`,
    { details: { folder, freeBytes: bavail * bsize, neededBytes } },
  );
}

/** The error to throw for `error`: whatever a cancelled transfer dies of, it was cancelled. */
export function toTransferError(
  error: unknown,
  { signal, folder }: { signal: AbortSignal | undefined; folder: string },
): unknown {
  if (!signal?.aborted) return toDiskError(error, folder);
  return new ModelStoreError(
    'MODEL_CANCELLED',
    'The transfer was cancelled; a pull that is repeated continues where it stopped.',
    { cause: error },
  );
}
