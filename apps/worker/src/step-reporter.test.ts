import { type Standing } from '@stenofleet/shared/ledger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStepReporter } from './step-reporter.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createReporter(standing: Standing = 'current') {
  const told: unknown[] = [];
  const refused: string[] = [];
  const steps = createStepReporter({
    report: (step, audioSeconds) => {
      told.push([step, audioSeconds]);
      return Promise.resolve(standing);
    },
    onRefused: (reason) => refused.push(reason),
  });
  return { steps, told, refused };
}

describe('createStepReporter', () => {
  it('tells the step that lasts, with the length that an earlier one found', async () => {
    const { steps, told } = createReporter();
    steps.begin('fetch');
    steps.begin('prepare', 60);
    steps.begin('recognize');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([['recognize', 60]]);
  });

  it('tells nothing of what is over at once', async () => {
    const { steps, told } = createReporter();
    steps.begin('fetch');
    steps.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([]);
  });

  it('hears that the job is no longer ours', async () => {
    const { steps, refused } = createReporter('superseded');
    steps.begin('fetch');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(refused).toEqual(['superseded']);
    steps.begin('prepare');
    await expect(steps.flush()).rejects.toThrow('superseded');
  });
});
