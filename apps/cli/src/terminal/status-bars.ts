// Several lines at the bottom of a terminal that change; finished lines go above them.

import { MultiBar, type SingleBar } from 'cli-progress';

export interface StatusBars {
  /** Prints a line for good, above the bars. */
  print(line: string): void;
  /** Takes the bars away. Idempotent. */
  close(): void;
}

const FRAMES_PER_SECOND = 5;
/** The bars keep a terminal from wrapping; what is printed for good must not lose its end to that. */
const WRAP = '\u001b[?7h';
const NO_WRAP = '\u001b[?7l';
/** The library clears one line, but what is printed may need several of those that the bars stand on. */
const CLEAR_BELOW = '\u001b[J';

/** @param compose the lines, asked for at each redraw; the last ones are left out where the terminal is too low */
export function openStatusBars(
  stream: NodeJS.WriteStream,
  compose: () => readonly string[],
): StatusBars {
  let lines: readonly string[] = [];
  const rows: SingleBar[] = [];
  const bars = new MultiBar({
    stream,
    format: (_options, _params, payload: { row?: number }) => lines[payload.row ?? 0] ?? '',
    fps: FRAMES_PER_SECOND,
    hideCursor: true,
    linewrap: false,
    clearOnComplete: true,
    forceRedraw: true,
    // Signals are handled in one place, and that is not here.
    gracefulExit: false,
  });
  const refresh = () => {
    lines = compose().slice(0, Math.max(1, stream.rows - 2));
    // Rows are only added: taking one away would make the terminal jump.
    while (rows.length < Math.max(1, lines.length)) {
      rows.push(bars.create(1, 0, { row: rows.length }));
    }
  };
  refresh();
  const timer = setInterval(refresh, 1000 / FRAMES_PER_SECOND);
  let isClosed = false;
  return {
    print(line) {
      bars.log(`${CLEAR_BELOW}${WRAP}${line}\n${NO_WRAP}`);
      bars.update();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(timer);
      bars.stop();
    },
  };
}
