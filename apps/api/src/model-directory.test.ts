import { type HostRecord } from '@stenofleet/shared/ledger';
import { describe, expect, it } from 'vitest';
import { createFakeDependencies } from './testing/fake-dependencies.js';

type Served = HostRecord['models'][number];

function createHost(
  models: (Pick<Served, 'model' | 'tier'> & Partial<Served>)[],
  state = 'serving',
): HostRecord {
  return {
    id: 'h',
    hostname: 'h',
    pid: 1,
    version: '0',
    state: state as HostRecord['state'],
    lanes: 1,
    models: models.map((served) => ({
      name: served.model,
      family: 'f',
      isDefaultTier: false,
      languages: ['fr'],
      languageRequired: false,
      maxSegmentSeconds: 30,
      demo: false,
      ...served,
    })),
    jobs: 0,
    chunks: 0,
    audioSecondsDone: 0,
    computeSeconds: 0,
    seenAtMs: 0,
  };
}
const choose = (
  wanted: { model?: string; tier?: string; language?: string },
  hosts: HostRecord[] = [],
) => createFakeDependencies({ hosts }).models.choose(wanted);

describe('createModelDirectory', () => {
  it('falls back to the demo model while nobody serves another', async () => {
    expect(await choose({})).toEqual({ model: 'demo-en', tier: 'int8' });
  });

  it('takes the model that most hosts serve', async () => {
    const hosts = [
      createHost([{ model: 'own', tier: 'a' }]),
      createHost([{ model: 'own', tier: 'a' }]),
    ];
    expect(await choose({}, hosts)).toEqual({ model: 'own', tier: 'a' });
  });

  it('does not count hosts that are about to leave', async () => {
    expect(await choose({}, [createHost([{ model: 'own', tier: 'a' }], 'draining')])).toMatchObject(
      {
        model: 'demo-en',
      },
    );
  });

  it('accepts a known model that nobody serves', async () => {
    expect(await choose({ model: 'many', language: 'de' })).toEqual({
      model: 'many',
      tier: 'fp32',
      language: 'de',
    });
  });

  it('prefers a tier that is served where the usual one is not', async () => {
    const served = { model: 'many', tier: 'int8', languages: ['de'], languageRequired: true };
    expect(await choose({ model: 'many', language: 'de' }, [createHost([served])])).toMatchObject({
      tier: 'int8',
    });
  });

  it('reads a regional language as the one the model knows', async () => {
    expect(await choose({ model: 'many', language: 'pt-BR' })).toMatchObject({ language: 'pt' });
  });

  it.each([
    [{ model: 'none' }, 'MODEL_UNKNOWN', 'model'],
    [{ model: 'many', tier: 'w9', language: 'de' }, 'MODEL_UNKNOWN_TIER', 'tier'],
    [{ model: 'many' }, 'LANGUAGE_REQUIRED', 'language'],
    [{ model: 'demo-en', language: 'de' }, 'LANGUAGE_UNSUPPORTED', 'language'],
  ])('refuses %j', async (wanted, code, field) => {
    await expect(choose(wanted)).rejects.toMatchObject({ code, field });
  });
});
