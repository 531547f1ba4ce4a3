import { type Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { listByItem, listByTime } from './pages.js';

const redis = {
  zrange: () => Promise.resolve([]),
  zrevrangebyscore: () => Promise.resolve([]),
} as unknown as Redis;
const refusal = { code: 'REQUEST_INVALID', field: 'cursor' };

describe('a cursor', () => {
  it.each(['1.5', '1e300', '-1', '0x10', 'x', '9'.repeat(20)])(
    'of a batch’s items is refused where it is "%s"',
    async (cursor) => {
      await expect(listByItem(redis, { key: 'k', cursor, limit: 5 })).rejects.toMatchObject(
        refusal,
      );
    },
  );

  it.each(['x', '1_', `${'9'.repeat(40)}_j1`, '1_a b', '(1_j', '-inf_j'])(
    'of a list is refused where it is "%s"',
    async (cursor) => {
      await expect(listByTime(redis, { key: 'k', cursor, limit: 5 })).rejects.toMatchObject(
        refusal,
      );
    },
  );

  it('is taken as it was given out', async () => {
    expect(await listByItem(redis, { key: 'k', cursor: '200', limit: 5 })).toEqual({ items: [] });
    const cursor = '1790000000000_jabc';
    expect(await listByTime(redis, { key: 'k', cursor, limit: 5 })).toEqual({ items: [] });
  });
});
