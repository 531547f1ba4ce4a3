import { type JobStep } from '@stenofleet/shared/job';
import { type Standing } from '@stenofleet/shared/ledger';
import { requireCurrent } from './standing.js';
import { type StopReason } from './work-registry.js';

/** A step that is over sooner is not told: nobody could have seen it, and most of a short job's questions would be these. */
const DELAY_MS = 200;

export interface StepReporter {
  /** Tells the ledger soon; hears on the way whether the job is still ours. */
  begin(step: JobStep, audioSeconds?: number): void;
  /** Tells what is not told yet, and waits. @throws StoppedError */
  flush(): Promise<void>;
  /** Forgets what is not told yet. */
  stop(): void;
}

export function createStepReporter({
  report,
  onRefused,
}: {
  report: (step: JobStep, audioSeconds?: number) => Promise<Standing>;
  onRefused: (reason: StopReason) => void;
}): StepReporter {
  let pending: { step: JobStep; audioSeconds: number | undefined } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const tell = async (): Promise<Standing> => {
    clearTimeout(timer);
    timer = undefined;
    if (!pending) return 'current';
    const { step, audioSeconds } = pending;
    pending = undefined;
    return report(step, audioSeconds);
  };
  const tellQuietly = async () => {
    // A step that cannot be told is no reason to stop.
    const standing = await tell().catch(() => 'current' as const);
    if (standing !== 'current') onRefused(standing);
  };
  return {
    begin(step, audioSeconds = pending?.audioSeconds) {
      pending = { step, audioSeconds };
      timer ??= setTimeout(() => void tellQuietly(), DELAY_MS);
    },
    async flush() {
      requireCurrent(await tell());
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      pending = undefined;
    },
  };
}
