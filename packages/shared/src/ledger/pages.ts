// Pages of sorted sets of ids.

import { type Redis } from 'ioredis';
import { CodedError } from '../errors/index.js';
import { type Page } from './ledger.js';

type PageRequest = { key: string; cursor: string | undefined; limit: number };

/** Newest first. The cursor is the last one's time and id, so that what comes in meanwhile shifts nothing. */
export async function listByTime(
  redis: Redis,
  { key, cursor, limit }: PageRequest,
): Promise<Page<string>> {
  const [, time, id] = /^(\d{1,15})_(\w{1,64})$/.exec(cursor ?? '') ?? [];
  if (cursor !== undefined && id === undefined) throw refuseCursor();
  const found: [string, string][] = [];
  // Those of the cursor's very millisecond come first again and are skipped.
  let offset = 0;
  while (found.length < limit + 1) {
    const reply = await redis.zrevrangebyscore(
      key,
      time ?? '+inf',
      '-inf',
      'WITHSCORES',
      'LIMIT',
      offset,
      limit + 1,
    );
    if (reply.length === 0) break;
    for (let i = 0; i < reply.length; i += 2) {
      const [member, score] = [reply[i] ?? '', reply[i + 1] ?? ''];
      if (id === undefined || score !== time || member < id) found.push([member, score]);
    }
    offset += reply.length / 2;
  }
  return toPage(found, { limit, toCursor: ([member, score]) => `${score}_${member}` });
}

/** In the order of items; the cursor is how many came before. */
export async function listByItem(
  redis: Redis,
  { key, cursor, limit }: PageRequest,
): Promise<Page<string>> {
  if (cursor !== undefined && !/^\d{1,12}$/.test(cursor)) throw refuseCursor();
  const offset = Number(cursor ?? 0);
  const reply = await redis.zrange(key, String(offset), String(offset + limit));
  const items = reply.slice(0, limit);
  return { items, ...(reply.length > limit && { next: String(offset + limit) }) };
}

function refuseCursor(): CodedError {
  return new CodedError(
    'REQUEST_INVALID',
    'cursor: this is none; send the `next` of the page before as it is.',
    { field: 'cursor' },
  );
}

function toPage(
  found: readonly [string, string][],
  { limit, toCursor }: { limit: number; toCursor: (entry: [string, string]) => string },
): Page<string> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(([member]) => member),
    ...(found.length > limit && last && { next: toCursor(last) }),
  };
}
