import { describe, expect, it } from 'vitest';
import { toFileError } from './file-errors.js';

const systemError = (code: string) =>
  Object.assign(new Error(`${code}: it failed, write '/a/path'`), { code, syscall: 'write' });

describe('toFileError', () => {
  it.each([
    ['ENOSPC', 'STORE_FULL', true],
    ['EDQUOT', 'STORE_FULL', true],
    ['EACCES', 'STORE_FORBIDDEN', false],
    ['EROFS', 'STORE_FORBIDDEN', false],
    ['ENOENT', 'STORE_NOT_FOUND', false],
    ['ENAMETOOLONG', 'PATH_FORBIDDEN', false],
    ['EIO', 'STORE_UNAVAILABLE', true],
    ['EMFILE', 'STORE_UNAVAILABLE', true],
  ])('answers to %s with %s', (code, fleetCode, retryable) => {
    const error = toFileError(systemError(code), 'folder/key');
    expect(error).toMatchObject({ code: fleetCode, retryable });
    expect(String(error)).toContain('"folder/key"');
    expect(String(error)).toContain(code);
    expect(String(error)).not.toContain('/a/path');
  });

  it('leaves an error of the caller as it is', () => {
    const error = Object.assign(new Error('not a path'), { code: 'ERR_INVALID_ARG_TYPE' });
    expect(toFileError(error, 'key')).toBe(error);
  });
});
