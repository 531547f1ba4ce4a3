import { describe, expect, it } from 'vitest';
import { ModelStoreError } from './errors.js';
import { retryUnavailable } from './retry-unavailable.js';

const down = () => Promise.reject(new ModelStoreError('MODEL_HUB_UNAVAILABLE', 'down'));
const options = { maxAttempts: 3, retryDelayMs: 0 };

describe('retrying', () => {
  it('stops after so many tries in a row', async () => {
    let tries = 0;
    const run = () => {
      tries++;
      return down();
    };
    await expect(retryUnavailable(run, options)).rejects.toThrow('down');
    expect(tries).toBe(3);
  });

  it('counts anew when a try got further', async () => {
    let tries = 0;
    const run = () => (++tries < 10 ? down() : Promise.resolve('done'));
    expect(await retryUnavailable(run, { ...options, getProgress: () => tries })).toBe('done');
  });

  it('does not repeat what will not change', async () => {
    let tries = 0;
    const run = () => {
      tries++;
      return Promise.reject(new ModelStoreError('MODEL_GATED', 'gated'));
    };
    await expect(retryUnavailable(run, options)).rejects.toThrow('gated');
    expect(tries).toBe(1);
  });

  it('stops waiting when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    const retried = retryUnavailable(down, { ...options, retryDelayMs: 60_000, signal });
    await expect(retried).rejects.toMatchObject({ name: 'AbortError' });
  });
});
