import { type Standing } from '@stenofleet/shared/ledger';
import { type StopReason } from './work-registry.js';

const INTERVAL_MS = 1_000;

export interface ProgressReporter {
  /** Tells the ledger at most once per second; never waits and never fails. */
  update(doneSeconds: number): void;
  /** Tells the last of it, and waits. */
  finish(doneSeconds: number): Promise<void>;
  stop(): void;
}

/** Tells how far a chunk is; hears on the way whether it is still wanted. */
export function createProgressReporter({
  report,
  onRefused,
  now,
}: {
  report: (doneSeconds: number) => Promise<Standing>;
  onRefused: (reason: StopReason) => void;
  now: () => number;
}): ProgressReporter {
  let toldAtMs = now();
  let isStopped = false;
  let telling: Promise<void> = Promise.resolve();

  const tell = async (doneSeconds: number) => {
    const standing = await report(doneSeconds);
    if (!isStopped && standing !== 'current') onRefused(standing);
  };
  return {
    update(doneSeconds) {
      if (isStopped || now() - toldAtMs < INTERVAL_MS) return;
      toldAtMs = now();
      // Progress that cannot be told is no reason to stop.
      telling = tell(doneSeconds).catch(() => undefined);
    },
    async finish(doneSeconds) {
      isStopped = true;
      await telling;
      await report(doneSeconds);
    },
    stop: () => (isStopped = true),
  };
}
