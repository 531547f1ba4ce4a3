// Where in a job something happens.

import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { findInferenceProcess } from './processes.js';
import { type RequestMatch, type Round } from './round.js';
import { inTime } from './until.js';

/** Chunk results by the time of the disturbance. */
export const K = 2;

export const audioOf = (index: number) => new RegExp(`/chunk-0000${index}\\.flac$`);
export const resultOf = (index: number) => new RegExp(`/chunk-0000${index}\\.result\\.json$`);
export const isManifest: RequestMatch = { method: 'PUT', key: /\.manifest\.json$/ };

/** Lets a chunk into inference and holds it there; answers the pid of the process that is held. */
export async function freezeInChunk(round: Round): Promise<number> {
  const { store, test } = round.chaos;
  const held = round.holdStore({ method: 'GET', key: audioOf(K) });
  await round.submit('long');
  await held();
  await round.waitForResults(K);
  const pid = findInferenceProcess(round.worker().pid);
  process.kill(pid, 'SIGSTOP');
  await round.noteFinished();
  const gone = whenComeAndGone(test.folder, new RegExp(`^${round.job().spec.id}-${K}-`));
  // The chunk's audio is fetched, read and removed: it is before the inference process.
  store.release();
  await gone;
  return pid;
}

/** Resolves when a worker has made such a file and removed it again. */
async function whenComeAndGone(folder: string, name: RegExp): Promise<void> {
  const base = join(folder, 'work');
  const stop = new AbortController();
  const changes = new Map<string, number>();
  const seen = new Promise<void>((resolve) => {
    for (const child of readdirSync(base)) {
      watch(join(base, child), { signal: stop.signal }, (event, file) => {
        if (event !== 'rename' || file === null || !name.test(file)) return;
        changes.set(file, (changes.get(file) ?? 0) + 1);
        if (changes.get(file) === 2) resolve();
      });
    }
  });
  await inTime('the chunk is before the inference process', seen).finally(() => stop.abort());
}
