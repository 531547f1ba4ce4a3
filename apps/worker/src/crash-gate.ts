// Who may use an inference process together. Work is `open` beside other work; what has crashed the process before is
// `alone`: then a second crash blames nobody who merely ran beside it. First come, first served, so that neither starves.

export interface CrashGate {
  /** Waits for its turn, works, and lets the next in. Rejects with the signal's reason where that ends the waiting. */
  enter<Value>(
    work: () => Promise<Value>,
    options: { alone: boolean; signal: AbortSignal },
  ): Promise<Value>;
}

type Turn = { alone: boolean; admit: () => void };

export function createCrashGate(): CrashGate {
  let waiting: Turn[] = [];
  let numInside = 0;
  let isTaken = false;

  const admitWaiting = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (isTaken || (next.alone && numInside > 0)) return;
      waiting.shift();
      numInside++;
      isTaken = next.alone;
      next.admit();
    }
  };
  const waitForTurn = (alone: boolean, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        waiting = waiting.filter((other) => other !== turn);
        reject(signal.reason as Error);
        admitWaiting();
      };
      const turn: Turn = {
        alone,
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(turn);
      admitWaiting();
    });

  return {
    async enter(work, { alone, signal }) {
      await waitForTurn(alone, signal);
      try {
        return await work();
      } finally {
        numInside--;
        if (alone) isTaken = false;
        admitWaiting();
      }
    },
  };
}
