// What this host has in hand, and the one way of stopping it.

import { setMaxListeners } from 'node:events';

/** Why work stops before its end; the reason of its signal. */
export type StopReason = 'cancelled' | 'superseded' | 'draining';

/** Work that was told to stop. */
export class StoppedError extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`The work was stopped: ${reason}.`);
    this.name = 'StoppedError';
    this.reason = reason;
  }
}

export type Work = {
  kind: 'job' | 'chunk';
  jobId: string;
  /** Its reason is a StoppedError. */
  signal: AbortSignal;
  stop: (reason: StopReason) => void;
  end: () => void;
};

export interface WorkRegistry {
  begin(kind: Work['kind'], jobId: string): Work;
  /** Stops the job and, unless it is only taken over, its chunks; answers whether anything of them was here. */
  stopJob(jobId: string, reason: StopReason): boolean;
  stopAll(reason: StopReason): void;
  count(kind: Work['kind']): number;
  /** Resolves when nothing of the job is in hand any more. */
  whenJobEnded(jobId: string): Promise<void>;
}

export function createWorkRegistry(): WorkRegistry {
  const inHand = new Set<Work>();
  let listeners: (() => void)[] = [];
  const of = (jobId: string) => [...inHand].filter((work) => work.jobId === jobId);

  return {
    begin(kind, jobId) {
      const controller = new AbortController();
      // Every request to inference and storage listens.
      setMaxListeners(0, controller.signal);
      const work: Work = {
        kind,
        jobId,
        signal: controller.signal,
        stop: (reason) => controller.abort(new StoppedError(reason)),
        end: () => {
          inHand.delete(work);
          const told = listeners;
          listeners = [];
          told.forEach((listener) => listener());
        },
      };
      inHand.add(work);
      return work;
    },
    stopJob(jobId, reason) {
      // Chunks are anybody's: their results are welcome to the attempt that has taken over.
      const found = of(jobId).filter(({ kind }) => kind === 'job' || reason !== 'superseded');
      found.forEach((work) => work.stop(reason));
      return found.length > 0;
    },
    stopAll: (reason) => inHand.forEach((work) => work.stop(reason)),
    count: (kind) => [...inHand].filter((work) => work.kind === kind).length,
    async whenJobEnded(jobId) {
      while (of(jobId).length > 0) {
        await new Promise<void>((resolve) => listeners.push(resolve));
      }
    },
  };
}
