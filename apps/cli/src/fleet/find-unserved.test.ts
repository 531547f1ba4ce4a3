import { expect, it } from 'vitest';
import { type z } from 'zod';
import { findUnserved } from './find-unserved.js';

const tiers = [
  { tier: 'int8', isDefault: true, hosts: 2 },
  { tier: 'fp32', isDefault: false, hosts: 0 },
];
const answering = (items: unknown) => ({
  request: <Schema extends z.ZodType>(_path: string, schema: Schema) =>
    Promise.resolve(schema.parse({ items })),
});

it('names each model and tier that no host serves, once', async () => {
  const client = answering([
    { id: 'a', tiers },
    { id: 'b', tiers: [{ tier: 'int8', isDefault: true, hosts: 0 }] },
  ]);
  const wanted = [
    { model: 'a' },
    { model: 'a', tier: 'fp32' },
    { model: 'a', tier: 'fp32' },
    { model: 'b' },
  ];
  expect(await findUnserved(wanted, client)).toEqual(['a fp32', 'b int8']);
});

it('says nothing where the API does not tell', async () => {
  const client = { request: () => Promise.reject(new Error('forbidden')) };
  expect(await findUnserved([{ model: 'a' }], client)).toEqual([]);
});
