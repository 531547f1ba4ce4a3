import { randomUUID } from 'node:crypto';
import { CodedError } from '../errors/index.js';
import { type ObjectStore } from './object-store.js';
import { SCRATCH_PREFIX } from './storage-keys.js';

/**
 * Writes a small object twice where it must not exist. Some stores refuse the second (as they should), some refuse the
 * condition, some ignore it. Below `scratch/`, so that a sweep removes what is left behind by a crash.
 */
export async function probeStore(
  store: Pick<ObjectStore, 'put' | 'delete'>,
  signal?: AbortSignal,
): Promise<{ conditionalCreate: boolean }> {
  const key = `${SCRATCH_PREFIX}probe/${randomUUID()}`;
  const create = () => store.put(key, 'probe', { when: 'absent', signal });
  try {
    const first = await create();
    const second = await create();
    return { conditionalCreate: first && !second };
  } catch (error) {
    if (isConditionRefused(error)) return { conditionalCreate: false };
    throw error;
  } finally {
    // Best effort: it is small, and the sweep of scratch takes it.
    await store.delete([key]).catch(() => undefined);
  }
}

/** Marks the error of a store that has no conditional create. */
export const CONDITION_REFUSED = { condition: 'refused' } as const;

function isConditionRefused(error: unknown): boolean {
  return (
    error instanceof CodedError && error.details?.['condition'] === CONDITION_REFUSED.condition
  );
}
