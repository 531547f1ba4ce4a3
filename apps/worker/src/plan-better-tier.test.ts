import { AsrError } from '@stenofleet/asr-core';
import { CodedError } from '@stenofleet/shared/errors';
import { type JobPlan } from '@stenofleet/shared/job';
import { describe, expect, it } from 'vitest';
import { type InferenceHost } from './inference-host.js';
import { planBetterTier } from './plan-better-tier.js';
import { beginWork, makeModel, makeRecord, makeSpec, silentLog } from './testing/fakes.js';
import { type WorkerContext } from './worker-context.js';

const better = makeModel({ key: 'demo-en:fp32', tier: 'fp32' });

function plan({
  options = { betterTier: true } as Partial<JobPlan>,
  model = makeModel({ betterTier: better }),
  use = ((_model, run) => run({} as never)) as InferenceHost['use'],
}) {
  const spec = makeSpec();
  const record = makeRecord({ ...spec, plan: { ...spec.plan, ...options } });
  const context = { inference: { use }, log: silentLog } as unknown as WorkerContext;
  return planBetterTier({ record, model, work: beginWork() }, context);
}
const readTier = () => Promise.resolve('heard');

describe('a better tier', () => {
  it('is used where the job allows it and this host has it', async () => {
    const used: string[] = [];
    const useBetterTier = plan({
      use: (model, run) => {
        used.push(model.key);
        return run({} as never);
      },
    });
    expect(await useBetterTier?.(readTier)).toBe('heard');
    expect(used).toEqual(['demo-en:fp32']);
    expect(plan({ options: {} })).toBeUndefined();
    expect(plan({ model: makeModel() })).toBeUndefined();
  });

  it.each([
    new CodedError('MODEL_NO_ROOM', 'too large'),
    new AsrError('INFERENCE_CRASHED', 'gone'),
  ])('that cannot be used ($code) costs no job its transcript', async (error) => {
    const useBetterTier = plan({ use: () => Promise.reject(error) });
    expect(await useBetterTier?.(readTier)).toBeUndefined();
  });

  it('ends with the work that it is for', async () => {
    const useBetterTier = plan({ use: () => Promise.reject(new AsrError('CANCELLED', 'stopped')) });
    await expect(useBetterTier?.(readTier)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
