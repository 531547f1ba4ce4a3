import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModel } from '@stenofleet/model-store';
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

  it('know the better tier for jobs that allow it, if this host has it', async () => {
    const root = await installTwoTiers();
    try {
      const [poor, better] = await resolveServedModels(['mine:int8', 'mine:fp32'], {
        ...options,
        root,
      });
      expect(poor?.betterTier).toEqual(better);
      expect(better).not.toHaveProperty('betterTier');
      await rm(join(root, 'mine', 'encoder.fp32.onnx'));
      const [alone] = await resolveServedModels(['mine:int8'], { ...options, root });
      expect(alone).not.toHaveProperty('betterTier');
    } finally {
      await rm(root, { recursive: true });
    }
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

/** The demo model's manifest as that of a model with two tiers, of which the one names the other as better. */
async function installTwoTiers(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'served-models-'));
  const folder = join(root, 'mine');
  await mkdir(folder);
  const file = (role: string, path: string) => ({ role, path, bytes: 1, sha256: '0'.repeat(64) });
  const tier = (name: string) => ({
    maxSegmentSeconds: 20,
    files: [
      file('encoder', `encoder.${name}.onnx`),
      file('decoder-joint', `decoder.${name}.onnx`),
      file('vocabulary', 'vocab.txt'),
    ],
  });
  const manifest = JSON.parse(
    await readFile(join(demoModel.folder, 'model.json'), 'utf8'),
  ) as object;
  const tiers = { int8: { ...tier('int8'), betterTier: 'fp32' }, fp32: tier('fp32') };
  await writeFile(
    join(folder, 'model.json'),
    JSON.stringify({ ...manifest, id: 'mine', demo: false, tiers }),
  );
  for (const { path } of Object.values(tiers).flatMap(({ files }) => files)) {
    await writeFile(join(folder, path), '.');
  }
  return root;
}
