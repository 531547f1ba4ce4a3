import { type Reporter } from './reporter.js';

const PROGRESS_EVERY_MS = 1_000;

/** One JSON object per line and event on stdout, and nothing else there. Events and fields are only ever added. */
export function createJsonReporter(
  stdout: NodeJS.WritableStream,
  now: () => number = () => performance.now(),
): Reporter {
  const lastSaidMs = new Map<number, number>();
  const durations = new Map<number, number>();
  const write = (event: string, fields: object) =>
    void stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  return {
    wantsDurations: false,
    runStarted({ count, laneCount, modelId, tier, isDemo }) {
      write('run', { recordings: count, model: modelId, tier, demo: isDemo, lanes: laneCount });
    },
    recordingMeasured({ index }, durationSeconds) {
      if (durationSeconds !== undefined) durations.set(index, durationSeconds);
    },
    recordingStarted({ index, shown }) {
      lastSaidMs.set(index, now());
      write('started', { index, recording: shown });
    },
    recordingProgress({ index, shown }, doneSeconds) {
      if (now() - (lastSaidMs.get(index) ?? 0) < PROGRESS_EVERY_MS) return;
      lastSaidMs.set(index, now());
      const durationSeconds = durations.get(index) ?? null;
      write('progress', { index, recording: shown, doneSeconds, durationSeconds });
    },
    recordingFinished({ index, shown }, { status, ...outcome }) {
      const { error, ...facts } = 'error' in outcome ? outcome : { ...outcome, error: undefined };
      write(status, { index, recording: shown, ...facts, ...error });
    },
    runFinished({ failures, isDemo, modelId, count, ...summary }) {
      write('summary', {
        recordings: count,
        ...summary,
        failed: failures.length,
        model: modelId,
        demo: isDemo,
        failures: failures.map(({ shown, error }) => ({ recording: shown, ...error })),
      });
    },
    runFailed(error) {
      write('error', error);
    },
    close: () => undefined,
  };
}
