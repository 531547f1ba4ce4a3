import { type JobsOptions } from 'bullmq';

/** Tries of what can heal: with the pauses below, about a quarter of an hour of trouble. */
export const MAX_TRIES = 20;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Pause before the next try, doubled each time up to a minute, with up to a quarter of jitter. */
export function planRetryPause(tries: number, random: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, tries - 1), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.75 + 0.25 * random));
}

/** BullMQ options of every ticket: records live in the ledger, so the queue keeps nothing that is finished. */
export const ticketOptions: JobsOptions = {
  attempts: MAX_TRIES,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: true,
};
