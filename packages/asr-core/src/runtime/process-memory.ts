import { readFile } from 'node:fs/promises';

/**
 * Memory of a process that it shares with no other, in bytes: what ending it gives back.
 * Undefined where the process is gone or the system (any but Linux) does not tell.
 */
export async function readPrivateBytes(pid: number | undefined): Promise<number | undefined> {
  if (pid === undefined) return undefined;
  try {
    return parsePrivateBytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The sum of all `Private_…` lines of `smaps_rollup`. */
export function parsePrivateBytes(rollup: string): number | undefined {
  const kilobytes = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].map((line) =>
    Number(line[1]),
  );
  if (kilobytes.length === 0) return undefined;
  return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
}
