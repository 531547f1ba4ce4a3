// How far a run is, in audio time.

export type Progress = {
  doneSeconds: number;
  totalSeconds: number;
  /** False while the length of some recording is not known. */
  isTotalKnown: boolean;
  finished: number;
  count: number;
};

export interface ProgressTally {
  /** Recordings that were settled before anything was transcribed do not count as work. */
  leaveOut(index: number): void;
  measure(index: number, durationSeconds: number | undefined): void;
  advance(index: number, doneSeconds: number): void;
  finish(index: number, durationSeconds: number | undefined): void;
  get(): Progress;
}

type Entry = { durationSeconds: number | undefined; doneSeconds: number; isFinished: boolean };

export function createProgressTally(count: number): ProgressTally {
  const entries = new Map<number, Entry>(
    Array.from({ length: count }, (_, index) => [
      index,
      { durationSeconds: undefined, doneSeconds: 0, isFinished: false },
    ]),
  );
  const change = (index: number, update: Partial<Entry>) => {
    const entry = entries.get(index);
    if (entry) Object.assign(entry, update);
  };
  return {
    leaveOut: (index) => void entries.delete(index),
    measure: (index, durationSeconds) => {
      if (durationSeconds !== undefined) change(index, { durationSeconds });
    },
    advance: (index, doneSeconds) => change(index, { doneSeconds }),
    finish: (index, durationSeconds = 0) =>
      change(index, { durationSeconds, doneSeconds: durationSeconds, isFinished: true }),
    get() {
      const all = [...entries.values()];
      const sum = (of: (entry: Entry) => number) => all.reduce((total, one) => total + of(one), 0);
      return {
        doneSeconds: sum(({ doneSeconds }) => doneSeconds),
        // A header may promise less than there is.
        totalSeconds: sum(({ durationSeconds, doneSeconds }) =>
          Math.max(durationSeconds ?? 0, doneSeconds),
        ),
        isTotalKnown: all.every(({ durationSeconds }) => durationSeconds !== undefined),
        finished: sum(({ isFinished }) => Number(isFinished)),
        count: entries.size,
      };
    },
  };
}
