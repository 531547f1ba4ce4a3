import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toDiskError } from '../disk-error.js';
import { getSystemErrorCode } from '../describe-error.js';

/**
 * Finds out, before hours of work, that a folder cannot be written, or cannot be made where it does not exist yet.
 * @throws CliError `OUTPUT_UNWRITABLE`
 */
export async function requireWritable(folder: string): Promise<void> {
  try {
    // With the dot, a file of that name is an error too.
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    const parent = dirname(folder);
    if (getSystemErrorCode(error) !== 'ENOENT' || parent === folder) {
      throw toDiskError(error, folder);
    }
    await requireWritable(parent);
  }
}
