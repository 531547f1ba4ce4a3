import { createProgressTally, type ProgressTally } from './progress-tally.js';
import { formatClock, formatSpeed, toPrintable } from './format-quantities.js';
import { formatProgressLine } from './progress-line.js';
import { type Reporter } from './reporter.js';
import { formatResult, formatRunStart, formatSummary } from './result-lines.js';
import { openStatusBar, type StatusBar } from './status-bar.js';
import { type Style } from './style.js';

/** Where there is no bar, a recording in work says how far it is this often. */
const PLAIN_PROGRESS_MS = 30_000;

export type HumanReporterOptions = {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  styles: { out: Style; err: Style };
  cwd: string;
};

/** Results go to stdout; how it goes, to stderr: as a bar on a terminal, as plain lines elsewhere. */
export function createHumanReporter({
  stdout,
  stderr,
  styles,
  cwd,
}: HumanReporterOptions): Reporter {
  const hasBar = stderr.isTTY;
  const lastSaidMs = new Map<number, { startedMs: number; saidMs: number }>();
  let tally: ProgressTally | undefined;
  let bar: StatusBar | undefined;

  const print = (lines: readonly string[]) => {
    for (const line of lines) {
      // On one terminal, bar and results must not write over each other.
      if (bar && stdout.isTTY) bar.print(line);
      else stdout.write(`${line}\n`);
    }
  };
  const openBar = (progress: ProgressTally) => {
    const startedMs = performance.now();
    return openStatusBar(stderr, () =>
      formatProgressLine(progress.get(), {
        elapsedSeconds: (performance.now() - startedMs) / 1000,
        width: stderr.columns,
        style: styles.err,
      }),
    );
  };
  const close = () => {
    bar?.close();
    bar = undefined;
  };

  return {
    wantsDurations: hasBar,
    runStarted(run) {
      tally = createProgressTally(run.count);
      formatRunStart(run, styles.err).forEach((line) => stderr.write(`${line}\n`));
    },
    recordingMeasured({ index }, durationSeconds) {
      tally?.measure(index, durationSeconds);
    },
    recordingStarted({ index }) {
      const nowMs = performance.now();
      lastSaidMs.set(index, { startedMs: nowMs, saidMs: nowMs });
      if (hasBar && tally) bar ??= openBar(tally);
    },
    recordingProgress({ index, shown }, doneSeconds) {
      tally?.advance(index, doneSeconds);
      const said = lastSaidMs.get(index);
      const nowMs = performance.now();
      if (hasBar || !said || nowMs - said.saidMs < PLAIN_PROGRESS_MS) return;
      said.saidMs = nowMs;
      const speed = formatSpeed(doneSeconds, (nowMs - said.startedMs) / 1000);
      stderr.write(
        `  ${toPrintable(shown)}: ${formatClock(doneSeconds)} done, ${speed} real time\n`,
      );
    },
    recordingFinished(ticket, outcome) {
      if (outcome.status === 'done') tally?.finish(ticket.index, outcome.durationSeconds);
      else tally?.leaveOut(ticket.index);
      print(formatResult(ticket, outcome, { style: styles.out, cwd }));
    },
    runFinished(summary) {
      close();
      print(formatSummary(summary, styles.out));
    },
    // Whoever started the run says why.
    runFailed: close,
    close,
  };
}
