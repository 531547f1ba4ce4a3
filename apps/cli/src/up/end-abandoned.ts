import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../transcribe/write-atomically.js';
import { type FleetState, readStartMark } from './fleet-state.js';
import { killGroup } from './part.js';

/** They end themselves when they see that nobody is left to watch them; after this they are made to. */
const PATIENCE_MS = 20_000;
const POLL_MS = 100;

/** Waits until no part of a `steno up` that was killed is left; redis is looked after by its port. */
export async function endAbandonedParts(
  { parts }: Pick<FleetState, 'parts'>,
  { onWait }: { onWait: () => void },
): Promise<void> {
  const left = await findAlive(Object.entries(parts).filter(([name]) => name !== 'redis'));
  if (left.length === 0) return;
  onWait();
  for (const { pid } of left) process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + PATIENCE_MS;
  while ((await findAlive(Object.entries(parts))).some(({ name }) => name !== 'redis')) {
    if (performance.now() > deadline) for (const { pid } of left) killGroup(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** Only those that are certainly the ones meant: a process id may be somebody else's by now. */
async function findAlive(
  parts: readonly [string, FleetState['parts'][string]][],
): Promise<{ name: string; pid: number }[]> {
  const states = await Promise.all(
    parts.map(async ([name, { pid, startMark }]) => ({
      name,
      pid,
      isAlive: startMark !== '' && isAlive(pid) && (await readStartMark(pid)) === startMark,
    })),
  );
  return states.filter((state) => state.isAlive);
}
