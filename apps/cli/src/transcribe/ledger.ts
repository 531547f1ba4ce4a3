// What this command has written, one small file for each place (`/folder/talk`), under the data folder. An entry is
// written just before the outputs get their names and holds their hashes: a recording is done when the outputs that
// lie there are the ones its entry promises. So a crash at any moment leaves nothing that looks done and is not.

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toDiskError } from '../disk-error.js';
import { writeFileAtomically } from './write-atomically.js';

const sourceSchema = z.object({
  id: z.string(),
  bytes: z.int().nonnegative(),
  /** Files only. */
  modifiedMs: z.number().optional(),
  /** Addresses only. */
  sha256: z.string().optional(),
  etag: z.string().optional(),
});

const flagSchema = z.object({
  code: z.string(),
  message: z.string(),
  start: z.number().optional(),
  end: z.number().optional(),
});

const entrySchema = z.object({
  version: z.literal(1),
  /** For a person who reads the ledger. */
  base: z.string(),
  source: sourceSchema,
  /** Everything that shapes a transcript, in one string: equal strings, equal transcripts. */
  options: z.string(),
  /** Output path to sha-256. */
  outputs: z.record(z.string(), z.string()),
  /** Hashes of older files of ours, which may still lie there (other options, or a crash between two renames). */
  earlier: z.record(z.string(), z.string()),
  /** What `earlier` ones were made with, by path; not known of what older versions wrote. */
  earlierOptions: z.record(z.string(), z.string()).optional(),
  /** What its reader should know of the transcript; missing in what older versions wrote. */
  flags: z.array(flagSchema).optional(),
  versions: z.record(z.string(), z.string()),
  writtenAt: z.iso.datetime(),
});

export type SourceState = z.infer<typeof sourceSchema>;
export type LedgerEntry = z.infer<typeof entrySchema>;

export interface Ledger {
  /** Undefined where nothing was written yet, or where the entry cannot be read. */
  read(base: string): Promise<LedgerEntry | undefined>;
  /** @throws CliError `OUTPUT_UNWRITABLE` */
  write(entry: LedgerEntry): Promise<void>;
}

export function createLedger(folder: string): Ledger {
  const pathOf = (base: string) =>
    join(folder, `${createHash('sha256').update(base).digest('hex')}.json`);
  return {
    async read(base) {
      try {
        return entrySchema.parse(JSON.parse(await readFile(pathOf(base), 'utf8')));
      } catch {
        return undefined;
      }
    },
    async write(entry) {
      try {
        await mkdir(folder, { recursive: true });
        await writeFileAtomically(pathOf(entry.base), `${JSON.stringify(entry, undefined, 2)}\n`);
      } catch (error) {
        // It may lie on another disk than the outputs: whoever frees space must know which.
        throw toDiskError(error, folder);
      }
    },
  };
}
