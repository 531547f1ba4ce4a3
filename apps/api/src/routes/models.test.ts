import { type HostRecord } from '@stenofleet/shared/ledger';
import { describe, expect, it } from 'vitest';
import { createModelDirectory, readModelCatalogue } from '../model-directory.js';
import { createServer } from '../server.js';
import { createFakeDependencies } from '../testing/fake-dependencies.js';

type Model = { id: string; tiers: ({ tier: string } & Record<string, unknown>)[] };

async function listModels(hosts: HostRecord[] = []): Promise<Model[]> {
  const models = createModelDirectory({
    listHosts: () => Promise.resolve(hosts),
    readCatalogue: () => readModelCatalogue('/no/models/here'),
    defaultModel: undefined,
    now: () => 0,
  });
  const server = await createServer({ ...createFakeDependencies(), models });
  const response = await server.inject({ url: '/v1/models' });
  await server.close();
  return response.json<{ items: Model[] }>().items;
}

const findTier = (models: Model[], id: string, tier: string) =>
  models.find((model) => model.id === id)?.tiers.find((candidate) => candidate.tier === tier);

describe('GET /v1/models', () => {
  it('tells of each tier what its manifest says', async () => {
    const int8 = findTier(await listModels(), 'cohere-transcribe-03-2026', 'int8');
    expect(int8).toMatchObject({
      languageRequired: true,
      hosts: 0,
      bytes: expect.any(Number) as number,
      maxSegmentSeconds: 30,
      maxSegmentReason: expect.stringContaining('35 s') as string,
      memoryBytes: expect.any(Number) as number,
      cpuFeatures: ['avx512_vnni'],
      betterTier: 'fp32',
      parity: { reference: 'fp32', maxWordErrorRate: expect.any(Number) as number },
      switches: { eosBias: 0 },
    });
    const granite = findTier(await listModels(), 'granite-speech-4.1-2b-nar', 'int8');
    expect(granite?.['accuracy']).toContainEqual({
      what: expect.stringContaining('mean') as string,
      percent: 0.72,
      source: expect.stringContaining('smcleod') as string,
    });
  });

  it('leaves out what nobody knows', async () => {
    const fp16 = findTier(await listModels(), 'cohere-transcribe-03-2026', 'fp16');
    expect(fp16).toBeDefined();
    expect(fp16).not.toHaveProperty('bytes');
    expect(fp16).not.toHaveProperty('otherWeights');
  });
});
