import { describe, expect, it } from 'vitest';
import { createAudioBudget } from './audio-budget.js';

const never = new AbortController().signal;

describe('the audio budget', () => {
  it('lets through what fits, and the rest in order as room comes', async () => {
    const budget = createAudioBudget(10);
    const admitted: string[] = [];
    const ask = (name: string, samples: number) =>
      budget.reserve(samples, never).then(() => admitted.push(name));
    await ask('a', 6);
    const b = ask('b', 5);
    const c = ask('c', 1);
    await Promise.resolve();
    expect(admitted).toEqual(['a']);
    budget.release(6);
    await Promise.all([b, c]);
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('lets through what is larger than itself, alone', async () => {
    const budget = createAudioBudget(10);
    await budget.reserve(50, never);
    let isNextAdmitted = false;
    const next = budget.reserve(1, never).then(() => (isNextAdmitted = true));
    await Promise.resolve();
    expect(isNextAdmitted).toBe(false);
    budget.release(50);
    await next;
  });

  it('forgets who is cancelled, and goes on with the next', async () => {
    const budget = createAudioBudget(10);
    const controller = new AbortController();
    await budget.reserve(6, never);
    const large = budget.reserve(9, controller.signal);
    const small = budget.reserve(2, never);
    controller.abort();
    await expect(large).rejects.toMatchObject({ code: 'CANCELLED' });
    await small;
    await expect(budget.reserve(1, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
