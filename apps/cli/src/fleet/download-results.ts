// Results from the API into a folder, whole under their names or not at all.

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type JobView } from '@stenofleet/shared/job';
import { transcriptFileExtensions } from '@stenofleet/transcript';
import { CliError } from '../cli-error.js';
import { toDiskError } from '../disk-error.js';
import { publishFiles, removeAbandoned } from '../transcribe/write-atomically.js';
import { type ApiClient } from './api-client.js';

export type DownloadOptions = {
  client: ApiClient;
  /** Absolute. */
  outDir: string;
  /** Overwrites files that are not what is downloaded. */
  force: boolean;
  /** Paths below `outDir` without extension, for a job; none: its output's name. */
  namesOf: (job: JobView) => readonly string[];
};

export type Downloads = {
  /** @returns the paths that hold the job's results now. @throws CliError `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`; ApiError */
  fetch(job: JobView): Promise<string[]>;
};

/** Jobs come in the same order in every run, so that two of one name get the same names again. */
export function createDownloads({ client, outDir, force, namesOf }: DownloadOptions): Downloads {
  const taken = new Map<string, string>();
  const chooseBase = (job: JobView, name: string): string => {
    const candidates = [
      name,
      join(dirname(name), toSafeName(job.source.name)),
      `${name}-${job.id}`,
    ];
    const free = candidates.find((candidate) => {
      const owner = taken.get(candidate.toLowerCase());
      return owner === undefined || owner === job.id;
    });
    const base = free ?? `${name}-${job.id}`;
    taken.set(base.toLowerCase(), job.id);
    return join(outDir, base);
  };
  return {
    async fetch(job) {
      const names = namesOf(job);
      const bases = (names.length > 0 ? names : [toSafeName(job.output.name)]).map((name) =>
        chooseBase(job, name),
      );
      const files = [...new Set(bases)].flatMap((base) =>
        (job.result?.files ?? []).map(({ format, sha256 }) => ({
          format,
          sha256,
          path: `${base}${transcriptFileExtensions[format]}`,
        })),
      );
      const states = await Promise.all(files.map(({ path }) => hashFile(path)));
      const missing = files.filter(({ sha256 }, index) => states[index] !== sha256);
      const inTheWay = files.filter(
        ({ sha256 }, index) => states[index] !== undefined && states[index] !== sha256,
      );
      if (inTheWay.length > 0 && !force) {
        throw new CliError(
          'OUTPUT_EXISTS',
          `${inTheWay.map(({ path }) => path).join(', ')}: another file of that name is there. Nothing was overwritten; --force does.`,
        );
      }
      const contents: { path: string; content: string }[] = [];
      for (const { format, path } of missing) {
        const response = await client.open(`/v1/jobs/${job.id}/result`, { query: { format } });
        contents.push({ path, content: await response.text() });
      }
      try {
        for (const base of bases) await mkdir(dirname(base), { recursive: true });
        await removeAbandoned(missing.map(({ path }) => path));
        await publishFiles(contents);
      } catch (error) {
        throw toDiskError(error, outDir);
      }
      return files.map(({ path }) => path);
    },
  };
}

/** A name from elsewhere stays within its folder. */
function toSafeName(name: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is replaced
  return name.replace(/[/\\\u0000-\u001f]/g, '_').replace(/^\.+/, '_');
}

async function hashFile(path: string): Promise<string | undefined> {
  const content = await readFile(path).catch(() => undefined);
  return content && createHash('sha256').update(content).digest('hex');
}
