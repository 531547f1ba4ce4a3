import { type z } from 'zod';
import { type ApiClient } from './api-client.js';

type PageSchema<Item> = z.ZodType<{ items: Item[]; next?: string | undefined }>;

/** All items, page by page, as many as `limit` says. */
export async function* listPages<Item>(
  client: ApiClient,
  path: string,
  {
    schema,
    query = {},
    limit = Infinity,
  }: {
    schema: PageSchema<Item>;
    query?: Record<string, string | number | undefined>;
    limit?: number;
  },
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  let left = limit;
  do {
    const wanted = { ...query, cursor, limit: Math.min(200, left) };
    const page = await client.request(path, schema, { query: wanted });
    yield* page.items;
    left -= page.items.length;
    cursor = page.next;
  } while (cursor !== undefined && left > 0);
}
