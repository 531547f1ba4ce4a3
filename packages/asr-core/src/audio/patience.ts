// How long we are willing to wait for something that we cannot hurry.

export type Patience = {
  resume: () => void;
  pause: () => void;
  extend: (ms: number) => void;
  /** There is nothing to wait for any more: a later `resume` does nothing. */
  end: () => void;
};

/** Calls `onExhausted` once the time between `resume` and `pause` adds up to more than allowed. */
export function createPatience(initialMs: number, onExhausted: () => void): Patience {
  let leftMs = initialMs;
  let startedMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;
  const pause = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    leftMs -= performance.now() - startedMs;
  };
  const resume = (): void => {
    pause();
    if (isEnded) return;
    startedMs = performance.now();
    timer = setTimeout(onExhausted, Math.min(Math.max(leftMs, 0), 2 ** 31 - 1));
  };
  const extend = (ms: number): void => {
    leftMs += ms;
  };
  const end = (): void => {
    pause();
    isEnded = true;
  };
  return { resume, pause, extend, end };
}
