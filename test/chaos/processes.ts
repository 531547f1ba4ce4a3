// What a worker has begun, as /proc tells.

import { readdirSync, readFileSync } from 'node:fs';

/** Pids of all processes below one, and of itself. */
export function findFamily(pid: number): number[] {
  const children = tryRead(() =>
    readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '),
    ),
  );
  const pids = (children ?? []).filter((text) => text !== '').map(Number);
  return [pid, ...pids.flatMap(findFamily)];
}

export function findInferenceProcess(workerPid: number): number {
  const found = findFamily(workerPid).find((pid) =>
    tryRead(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.includes('inference-process'),
  );
  if (found === undefined) throw new Error(`Worker ${workerPid} has no inference process.`);
  return found;
}

/** Zombies are not: they wait for somebody to hear of their end. */
export function isAlive(pid: number): boolean {
  const status = tryRead(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  return status !== undefined && !/^State:\s+[ZX]/m.test(status);
}

function tryRead<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
