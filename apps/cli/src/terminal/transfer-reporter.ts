import { formatBytes } from './format-quantities.js';
import { formatBar } from './progress-line.js';
import { openStatusBar, type StatusBar } from './status-bar.js';
import { type Style } from './style.js';

const BAR_WIDTH = 28;
/** Where there is no bar, a line this often. */
const PLAIN_PROGRESS_MS = 10_000;

type TransferProgress = { path: string; doneBytes: number; totalBytes: number };

/** Shows how far a pull or an import is: as a bar on a terminal, as plain lines elsewhere. */
export function createTransferReporter({
  stderr,
  style,
}: {
  stderr: NodeJS.WriteStream;
  style: Style;
}) {
  const startedMs = performance.now();
  let latest: TransferProgress = { path: '', doneBytes: 0, totalBytes: 0 };
  let firstBytes: number | undefined;
  let saidMs = startedMs;
  let bar: StatusBar | undefined;

  const getShare = () => (latest.totalBytes > 0 ? latest.doneBytes / latest.totalBytes : 1);
  const getFacts = () => {
    const seconds = (performance.now() - startedMs) / 1000;
    // What was there before did not come over the wire.
    const speed = (latest.doneBytes - (firstBytes ?? 0)) / Math.max(seconds, 0.001);
    const sizes = `${formatBytes(latest.doneBytes)} of ${formatBytes(latest.totalBytes)}`;
    return seconds > 1 ? `${sizes} · ${formatBytes(speed)}/s` : sizes;
  };
  return {
    update: (progress: TransferProgress): void => {
      latest = progress;
      firstBytes ??= progress.doneBytes;
      if (stderr.isTTY) {
        bar ??= openStatusBar(
          stderr,
          () => ` ${formatBar(getShare(), BAR_WIDTH, style)}  ${getFacts()}  ${latest.path}`,
        );
      } else if (performance.now() - saidMs >= PLAIN_PROGRESS_MS) {
        saidMs = performance.now();
        stderr.write(`  ${Math.round(getShare() * 100)} %, ${getFacts()}\n`);
      }
    },
    close: (): void => bar?.close(),
  };
}
