// Which batch a command has made: the same command again goes on with it instead of making another.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toDiskError } from '../disk-error.js';
import { writeFileAtomically } from '../transcribe/write-atomically.js';

const entrySchema = z.object({
  /** How often a new batch was wanted for the same command: part of its key. */
  round: z.int().min(1),
  /** Absent while it is not known whether the API took it. */
  batch: z.string().optional(),
});
export type StoredSubmission = z.infer<typeof entrySchema>;

export interface SubmissionStore {
  read(fingerprint: string): Promise<StoredSubmission | undefined>;
  write(fingerprint: string, entry: StoredSubmission): Promise<void>;
}

export function createSubmissionStore(folder: string): SubmissionStore {
  const pathOf = (fingerprint: string) => join(folder, `${fingerprint}.json`);
  return {
    async read(fingerprint) {
      try {
        return entrySchema.parse(JSON.parse(await readFile(pathOf(fingerprint), 'utf8')));
      } catch {
        return undefined;
      }
    },
    async write(fingerprint, entry) {
      try {
        await mkdir(folder, { recursive: true });
        await writeFileAtomically(pathOf(fingerprint), `${JSON.stringify(entry)}\n`);
      } catch (error) {
        throw toDiskError(error, folder);
      }
    },
  };
}
