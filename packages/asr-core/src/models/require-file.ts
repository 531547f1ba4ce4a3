import { AsrError } from '../errors.js';
import { type ModelDescription, type ModelFiles } from '../recognizer.js';

/** Path of a file that the family cannot do without. @throws AsrError `MODEL_CONTRACT_MISMATCH` */
export function requireFile({ id, tier, files }: ModelDescription, role: keyof ModelFiles): string {
  const path = files[role];
  if (path !== undefined) return path;
  throw new AsrError(
    'MODEL_CONTRACT_MISMATCH',
    `${id} (tier ${tier}) names no file for its ${role}.`,
  );
}
