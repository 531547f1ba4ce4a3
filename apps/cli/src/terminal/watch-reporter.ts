// Shows how jobs and batches go: bars on a terminal, plain lines elsewhere, JSON where asked for.

import { type BatchView, isFinal, type JobView } from '@stenofleet/shared/job';
import { type WatchObserver } from '../fleet/watch.js';
import { toPrintable } from './format-quantities.js';
import {
  countEnded,
  countItems,
  formatBatchLine,
  formatFinishedJob,
  formatRunningLine,
  type WatchPace,
} from './job-lines.js';
import { openStatusBars, type StatusBars } from './status-bars.js';
import { type Style } from './style.js';

/** Where there is no bar, a line this often. */
const PLAIN_PROGRESS_MS = 30_000;
const MAX_ROWS = 6;
const TROUBLE_EVERY_MS = 15_000;

export interface WatchReporter extends WatchObserver {
  /** Gives the terminal back. Idempotent. */
  close(): void;
}

export type WatchReporterOptions = {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  styles: { out: Style; err: Style };
};

export function createWatchReporter({
  stdout,
  stderr,
  styles,
}: WatchReporterOptions): WatchReporter {
  const hasBars = stderr.isTTY;
  const startedMs = performance.now();
  let batch: BatchView | undefined;
  let running: readonly JobView[] = [];
  let firstSeconds: number | undefined;
  let bars: StatusBars | undefined;
  let saidMs = startedMs;
  let troubledMs = -Infinity;

  const print = (line: string) => {
    // On one terminal, bars and results must not write over each other.
    if (bars && stdout.isTTY) bars.print(line);
    else stdout.write(`${line}\n`);
  };
  const getPace = (): WatchPace => ({
    doneSeconds: (batch?.doneSeconds ?? 0) - (firstSeconds ?? 0),
    elapsedSeconds: (performance.now() - startedMs) / 1000,
  });
  const compose = (): string[] => {
    const place = { width: stderr.columns, style: styles.err };
    const jobs = running.slice(0, MAX_ROWS).map((job) => formatRunningLine(job, place));
    return [...(batch ? [formatBatchLine(batch, { ...place, pace: getPace() })] : []), ...jobs];
  };
  const show = () => {
    if (hasBars) {
      bars ??= openStatusBars(stderr, compose);
      return;
    }
    if (performance.now() - saidMs < PLAIN_PROGRESS_MS) return;
    saidMs = performance.now();
    for (const line of compose()) stderr.write(`${line}\n`);
  };
  return {
    wantsRunning: hasBars,
    batchChanged(view) {
      firstSeconds ??= view.doneSeconds;
      batch = view;
      if (view.finishedAt === undefined) show();
    },
    jobsRunning(jobs) {
      running = jobs;
      show();
    },
    jobFinished(job) {
      running = running.filter(({ id }) => id !== job.id);
      if (isFinal(job.status)) formatFinishedJob(job, styles.out).forEach(print);
    },
    manyFinished(count) {
      print(styles.out.quiet(`… and ${count} more ended`));
    },
    trouble(error) {
      if (performance.now() - troubledMs < TROUBLE_EVERY_MS) return;
      troubledMs = performance.now();
      const line = `${styles.err.warning('!')} ${toPrintable(error.message)} Trying again; Ctrl-C stops waiting and cancels nothing.`;
      if (bars) bars.print(line);
      else stderr.write(`${line}\n`);
    },
    close() {
      bars?.close();
      bars = undefined;
    },
  };
}

/** One object per line on stdout. Events and fields are only ever added. */
export function createJsonWatchReporter(
  stdout: NodeJS.WritableStream,
  { everyMs = 1_000 }: { everyMs?: number } = {},
): WatchReporter {
  let saidMs = -Infinity;
  const write = (event: string, fields: object) =>
    void stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  const isTime = () => {
    if (performance.now() - saidMs < everyMs) return false;
    saidMs = performance.now();
    return true;
  };
  return {
    wantsRunning: false,
    batchChanged({ id, status, counts, doneSeconds, audioSeconds }) {
      if (!isTime()) return;
      const [ended, items] = [countEnded(counts), countItems(counts)];
      write('progress', { batch: id, status, counts, ended, items, doneSeconds, audioSeconds });
    },
    jobsRunning(jobs) {
      if (!isTime()) return;
      for (const { id, status, progress } of jobs)
        write('progress', { job: id, status, ...progress });
    },
    jobFinished(job) {
      write(job.status, { job: job.id, recording: job.source.name, view: job });
    },
    manyFinished: () => undefined,
    trouble: ({ message }) => write('trouble', { message }),
    close: () => undefined,
  };
}
