import { describe, expect, it } from 'vitest';
import { describeDoubts } from './check-boot.js';
import { planMaxPrivateBytes, planMemoryNeed } from './memory-plan.js';
import { resolveServedModels } from './served-models.js';
import { makeModel } from './testing/fakes.js';

const GB = 2 ** 30;
const limits = { cpus: 2, memoryBytes: 8 * GB, availableBytes: 8 * GB, isLimited: false };
const options = { root: '/nowhere', limits };

describe('served models', () => {
  it('are all that are installed, the demo model included', async () => {
    const models = await resolveServedModels(['*', 'demo-en:int8'], options);
    expect(models.map(({ key }) => key)).toEqual(['demo-en:int8']);
    expect(models[0]).toMatchObject({ isDefaultTier: true, laneCount: 2 });
  });

  it('take settings before plans', async () => {
    const [model] = await resolveServedModels(['demo-en'], {
      ...{ ...options, lanes: 5, maxPrivateBytes: 7 },
    });
    expect(model).toMatchObject({ laneCount: 5, maxPrivateBytes: 7 });
  });

  it('are refused by name where there is no such model or tier', async () => {
    await expect(resolveServedModels(['nobody'], options)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    });
    await expect(resolveServedModels(['demo-en:fp64'], options)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_TIER',
    });
    await expect(resolveServedModels([], options)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('that are too much for the machine are told in plain sentences', () => {
    const model = makeModel({ laneCount: 8, memoryNeedBytes: 9 * GB });
    expect(describeDoubts([model], limits)).toEqual([
      'demo-en:int8 gets 8 lanes on 2 CPUs: they will only hinder one another.',
      'demo-en:int8 needs about 9.0 GB of memory, more than this host has.',
    ]);
    expect(describeDoubts([makeModel()], limits)).toEqual([]);
  });

  it('need memory by their size and lanes, and may grow a little beyond it', () => {
    const small = { modelBytes: 20e6, laneCount: 1 };
    const large = { modelBytes: 650e6, laneCount: 4 };
    expect(planMemoryNeed(small)).toBeLessThan(0.4 * GB);
    expect(planMemoryNeed(large)).toBeGreaterThan(4 * 1.5 * large.modelBytes);
    expect(planMaxPrivateBytes(large)).toBeGreaterThan(planMemoryNeed(large));
  });
});
