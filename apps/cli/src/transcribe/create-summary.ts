import { type RunSummary, type Ticket } from '../terminal/reporter.js';
import { type RecordingOutcome } from './run-recordings.js';

/** Adds up a run. */
export function createSummary({
  count,
  modelId,
  isDemo,
}: Pick<RunSummary, 'count' | 'modelId' | 'isDemo'>) {
  const counts = { done: 0, skipped: 0, cancelled: 0, failed: 0 };
  const failures: RunSummary['failures'] = [];
  let audioSeconds = 0;
  return {
    add({ shown }: Ticket, outcome: RecordingOutcome): void {
      counts[outcome.status] += 1;
      if (outcome.status === 'done') audioSeconds += outcome.durationSeconds;
      if (outcome.status === 'failed') failures.push({ shown, error: outcome.error });
    },
    get(elapsedSeconds: number): RunSummary {
      const { done, skipped, cancelled } = counts;
      return {
        count,
        done,
        skipped,
        cancelled,
        failures,
        audioSeconds,
        elapsedSeconds,
        modelId,
        isDemo,
      };
    },
  };
}
