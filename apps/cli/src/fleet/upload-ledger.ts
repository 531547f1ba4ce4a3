// What was uploaded already, so that a submission that was broken off goes on where it ended. Lines are only added: a
// crash loses at most the last one, and then one file is sent twice.

import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { toDiskError } from '../disk-error.js';
import { type Upload } from './api-schemas.js';

/** Whoever runs the API may sweep uploads; older ones are sent again. */
const TRUSTED_MS = 3 * 86_400_000;

const entrySchema = z.object({
  api: z.string(),
  path: z.string(),
  bytes: z.number(),
  modifiedMs: z.number(),
  sha256: z.string(),
  source: z.string(),
  atMs: z.number(),
});
type Entry = z.infer<typeof entrySchema>;

export type LocalFile = { path: string; bytes: number; modifiedMs: number };

export interface UploadLedger {
  /** The source under which this content lies at the API already. */
  find(file: LocalFile): Promise<string | undefined>;
  add(file: LocalFile, upload: Upload): Promise<void>;
}

/** @param api address of the API: what lies at one does not lie at another */
export async function openUploadLedger(
  ledgerPath: string,
  { api, now }: { api: string; now: () => Date },
): Promise<UploadLedger> {
  const text = await readFile(ledgerPath, 'utf8').catch(() => '');
  const entries = text.split('\n').flatMap((line) => parseEntry(line));
  const known = entries.filter(
    (entry) => entry.api === api && now().getTime() - entry.atMs < TRUSTED_MS,
  );
  return {
    async find({ path, bytes, modifiedMs }) {
      const same = known.filter((entry) => entry.bytes === bytes);
      const untouched = same.find(
        (entry) => entry.path === path && entry.modifiedMs === modifiedMs,
      );
      if (untouched) return untouched.source;
      if (same.length === 0) return undefined;
      const sha256 = await hashFile(path);
      const twin = same.find((entry) => entry.sha256 === sha256);
      return twin && renameSource(twin.source, basename(path));
    },
    async add({ path, bytes, modifiedMs }, { sha256, source }) {
      const entry: Entry = { api, path, bytes, modifiedMs, sha256, source, atMs: now().getTime() };
      known.push(entry);
      try {
        await mkdir(dirname(ledgerPath), { recursive: true });
        await appendFile(ledgerPath, `${JSON.stringify(entry)}\n`);
      } catch (error) {
        throw toDiskError(error, ledgerPath);
      }
    },
  };
}

function parseEntry(line: string): Entry[] {
  try {
    return [entrySchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}

/** `upload:<tenant>/<sha256>/<name>`: the same content under this file's name. */
function renameSource(source: string, name: string): string {
  return `${source.slice(0, source.lastIndexOf('/') + 1)}${encodeURIComponent(name)}`;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
