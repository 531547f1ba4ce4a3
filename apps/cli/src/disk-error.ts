import { CliError } from './cli-error.js';
import { getSystemErrorCode } from './describe-error.js';

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'a file has the name of the folder',
  EISDIR: 'a folder has that name',
  ENAMETOOLONG: 'the name is too long',
};

/** Gives a failed write its code; anything else comes back as it was thrown. */
export function toDiskError(error: unknown, path: string): unknown {
  const reason = REASONS[getSystemErrorCode(error) ?? ''];
  if (reason === undefined) return error;
  return new CliError('OUTPUT_UNWRITABLE', `${path} cannot be written: ${reason}.`, {
    cause: error,
  });
}
