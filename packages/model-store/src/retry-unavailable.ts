import { setTimeout as delay } from 'node:timers/promises';
import { ModelStoreError } from './errors.js';

const maxDelayMs = 30_000;

export type RetryOptions = {
  /** Tries in a row that bring nothing new. @defaultValue 6 */
  maxAttempts?: number | undefined;
  /** Pause after the first failure, in ms; doubles with each further one. @defaultValue 1000 */
  retryDelayMs?: number | undefined;
  signal?: AbortSignal | undefined;
};

/** Repeats `run` while the hub is unavailable; a try that raised `getProgress` counts as the first again. */
export async function retryUnavailable<T>(
  run: () => Promise<T>,
  {
    maxAttempts = 6,
    retryDelayMs = 1_000,
    signal,
    getProgress = () => 0,
  }: RetryOptions & { getProgress?: () => number },
): Promise<T> {
  let progress = getProgress();
  for (let failures = 1; ; failures++) {
    try {
      return await run();
    } catch (error) {
      const mayHelp = error instanceof ModelStoreError && error.code === 'MODEL_HUB_UNAVAILABLE';
      if (getProgress() > progress) failures = 1;
      progress = getProgress();
      if (!mayHelp || failures >= maxAttempts) throw error;
      await delay(Math.min(maxDelayMs, retryDelayMs * 2 ** (failures - 1)), undefined, { signal });
    }
  }
}
