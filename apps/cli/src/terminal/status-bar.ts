// The one line at the bottom of a terminal that changes; finished lines go above it.

import { MultiBar } from 'cli-progress';

export interface StatusBar {
  /** Prints a line for good, above the bar. */
  print(line: string): void;
  redraw(): void;
  /** Takes the bar away. Idempotent. */
  close(): void;
}

const FRAMES_PER_SECOND = 5;
/** The bar keeps a terminal from wrapping; what is printed for good must not lose its end to that. */
const WRAP = '\u001b[?7h';
const NO_WRAP = '\u001b[?7l';

/** @param compose the bar's text, asked for at each redraw */
export function openStatusBar(stream: NodeJS.WriteStream, compose: () => string): StatusBar {
  const bars = new MultiBar({
    stream,
    format: compose,
    fps: FRAMES_PER_SECOND,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    forceRedraw: true,
    // Signals are handled in one place, and that is not here.
    gracefulExit: false,
  });
  bars.create(1, 0);
  let isClosed = false;
  return {
    print(line) {
      bars.log(`${WRAP}${line}\n${NO_WRAP}`);
      bars.update();
    },
    redraw: () => bars.update(),
    close() {
      if (isClosed) return;
      isClosed = true;
      bars.stop();
    },
  };
}
