// What becomes of a ticket whose work failed; pure. The one place where errors are told apart.

import { AsrError } from '@stenofleet/asr-core';
import { CodedError, toWireError, type WireError } from '@stenofleet/shared/errors';
import { toRedisError } from '@stenofleet/shared/queue';
import { StoppedError } from './work-registry.js';

/** Tries of what has no code of ours: it may have been the machine's mood, and most likely was not. */
const MAX_UNKNOWN_TRIES = 3;

export type Verdict =
  /** The ticket is another's by now, or soon will be: leave everything as it is. */
  | { kind: 'leave' }
  | { kind: 'cancelled' }
  /** For another host, or for later; counts as no failure. */
  | { kind: 'hand-back'; noRoom?: WireError }
  | { kind: 'retry'; error: WireError }
  | { kind: 'fail'; error: WireError };

export type Tries = {
  /** Before this one. */
  made: number;
  max: number;
  signal: AbortSignal;
};

export function judgeFailure(thrown: unknown, { made, max, signal }: Tries): Verdict {
  // What was stopped fails in many ways; the reason is the cause of all of them.
  const cause = signal.aborted ? (signal.reason as unknown) : toRedisError(thrown);
  if (cause instanceof StoppedError) {
    switch (cause.reason) {
      case 'superseded':
        return { kind: 'leave' };
      case 'cancelled':
        return { kind: 'cancelled' };
      case 'draining':
        return { kind: 'hand-back' };
    }
  }
  if (isLostLock(cause)) return { kind: 'leave' };
  const error = toWireError(cause);
  if (error.code === 'MODEL_NO_ROOM') return { kind: 'hand-back', noRoom: error };
  const isUnknown = error.code === 'INTERNAL' || isStrayCancel(cause);
  if (isUnknown) {
    const full = describeFullDisk(cause);
    if (full) return judgeRetryable(full, { made, max });
    const internal = { ...error, code: 'INTERNAL', retryable: false };
    return judgeRetryable(internal, { made, max: Math.min(max, MAX_UNKNOWN_TRIES) });
  }
  return error.retryable ? judgeRetryable(error, { made, max }) : { kind: 'fail', error };
}

function judgeRetryable(error: WireError, { made, max }: Pick<Tries, 'made' | 'max'>): Verdict {
  return made + 1 < max ? { kind: 'retry', error } : { kind: 'fail', error };
}

/** BullMQ's codes for a ticket that is gone (−1), without lock (−2), elsewhere (−3), whose parent is gone (−5), or under another lock (−6). */
function isLostLock(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' && [-1, -2, -3, -5, -6].includes(code);
}

/** Cancelled, and yet nobody asked for it: the process was closed under the work. */
function isStrayCancel(error: unknown): boolean {
  return (
    (error instanceof AsrError && error.code === 'CANCELLED') ||
    (error instanceof CodedError && error.code === 'JOB_CANCELLED')
  );
}

function describeFullDisk(error: unknown): WireError | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return toWireError(
    new CodedError('STORE_FULL', 'The disk with the work folder (STENO_WORK_DIR) is full.'),
  );
}
