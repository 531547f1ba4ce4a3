import { describe, expect, it } from 'vitest';
import { createKeyStore } from './key-store.js';
import { createFakeDependencies } from './testing/fake-dependencies.js';

const wanted = { tenant: 'a', scopes: ['read' as const], name: 'n' };

describe('createKeyStore', () => {
  it('finds a key by its whole text only', async () => {
    const store = createKeyStore(createFakeDependencies());
    const { key, record } = await store.create(wanted);
    expect(key).toMatch(/^steno_[0-9a-f]{16}_[\w-]{43}$/);
    expect(await store.find(key)).toEqual(record);
    const other = (await store.create(wanted)).key;
    const mixed = key.slice(0, 23) + other.slice(23);
    for (const wrong of [mixed, `${key}x`, key.slice(0, -1), '', 'steno__']) {
      expect(await store.find(wrong)).toBeUndefined();
    }
  });

  it('keeps no key', async () => {
    const dependencies = createFakeDependencies();
    const { key } = await createKeyStore(dependencies).create(wanted);
    const kept = JSON.stringify(await dependencies.redis.hgetall(dependencies.keys.keys));
    expect(kept).not.toContain(key.slice(23));
  });
});
