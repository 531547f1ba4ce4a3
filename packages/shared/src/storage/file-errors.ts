// What the operating system says about a path → what a store says. The only place that knows these codes.

import { CodedError, type FleetErrorCode } from '../errors/index.js';
import { cancelledError } from './stored-content.js';

const codes: Readonly<Record<string, FleetErrorCode>> = {
  ENOENT: 'STORE_NOT_FOUND',
  EACCES: 'STORE_FORBIDDEN',
  EPERM: 'STORE_FORBIDDEN',
  EROFS: 'STORE_FORBIDDEN',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
  EFBIG: 'STORE_FULL',
  ENAMETOOLONG: 'PATH_FORBIDDEN',
  ELOOP: 'PATH_FORBIDDEN',
  ENOTDIR: 'PATH_FORBIDDEN',
  EISDIR: 'PATH_FORBIDDEN',
  EINVAL: 'PATH_FORBIDDEN',
};

const sentences: Readonly<Partial<Record<FleetErrorCode, string>>> = {
  STORE_NOT_FOUND: 'is not there',
  STORE_FORBIDDEN: 'is refused: check the permissions of the folder and whether it can be written',
  STORE_FULL: 'does not fit: free some space',
  PATH_FORBIDDEN:
    'is not possible in a file system: a part is too long, or a file and a folder have one name',
};

/** `subject` is the key or folder in question. */
export function toFileError(error: unknown, subject: string, signal?: AbortSignal): unknown {
  if (error instanceof CodedError) return error;
  if (signal?.aborted === true) return cancelledError(signal);
  const code = systemCode(error);
  if (code === undefined) return error;
  const fleetCode = codes[code] ?? 'STORE_UNAVAILABLE';
  const sentence = sentences[fleetCode] ?? 'failed; the file system may recover';
  return new CodedError(fleetCode, `"${subject}" ${sentence} (${code}).`, { cause: error });
}

/** Such as `ENOENT`; undefined for what is no error of the system. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
