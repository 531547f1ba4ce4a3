// Hashes in Redis ↔ records.

import {
  type BatchRecord,
  batchRequestSchema,
  type JobRecord,
  jobRecordSchema,
} from '../job/index.js';
import { type WireError, wireErrorSchema } from '../errors/index.js';
import { z } from 'zod';

export type Hash = Record<string, string>;

/** `[field, value, …]`, as scripts answer. */
export function toHash(reply: unknown): Hash {
  const list = reply as string[];
  const hash: Hash = {};
  for (let i = 0; i + 1 < list.length; i += 2) hash[list[i] ?? ''] = list[i + 1] ?? '';
  return hash;
}

export function parseJob(hash: Hash): JobRecord {
  const optional = (field: string) => (hash[field] === undefined ? undefined : Number(hash[field]));
  const json = (field: string) => (hash[field] ? (JSON.parse(hash[field]) as unknown) : undefined);
  return jobRecordSchema.parse({
    spec: json('spec'),
    status: hash['s'],
    attempt: optional('a') ?? 0,
    returns: optional('back'),
    rank: optional('r') ?? 1,
    worker: hash['w'],
    step: hash['step'],
    audioSeconds: optional('audio'),
    doneSeconds: optional('done') ?? 0,
    error: json('err'),
    result: json('res'),
    startedAtMs: optional('started'),
    finishedAtMs: optional('fin'),
    updatedAtMs: optional('upd') ?? 0,
  });
}

export const batchSpecSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  request: batchRequestSchema,
  requestFingerprint: z.string().optional(),
  createdAtMs: z.number(),
});

export function parseBatch(hash: Hash, failures: Hash): BatchRecord {
  const spec = batchSpecSchema.parse(JSON.parse(hash['spec'] ?? 'null'));
  const number = (field: string) => Number(hash[field] ?? 0);
  const count = (status: string) => Math.max(0, number(`c:${status}`));
  return {
    id: spec.id,
    tenant: spec.tenant,
    ...(spec.request.name !== undefined && { name: spec.request.name }),
    request: spec.request,
    ...(spec.requestFingerprint !== undefined && { requestFingerprint: spec.requestFingerprint }),
    status: hash['status'] as BatchRecord['status'],
    cancelling: hash['cancel'] !== undefined,
    counts: {
      queued: count('queued'),
      running: count('running'),
      done: count('done'),
      partial: count('partial'),
      failed: count('failed'),
      cancelled: count('cancelled'),
      refused: count('refused'),
      duplicates: number('dup'),
    },
    itemsRead: number('items'),
    ...(hash['cursor'] !== undefined && { cursor: hash['cursor'] }),
    audioSeconds: number('audio'),
    doneSeconds: number('done'),
    computeSeconds: number('compute'),
    failures: parseFailures(failures),
    ...(hash['err'] && { error: parseError(hash['err']) }),
    createdAtMs: spec.createdAtMs,
    ...(hash['started'] !== undefined && { startedAtMs: number('started') }),
    ...(hash['fin'] !== undefined && { finishedAtMs: number('fin') }),
  };
}

function parseError(text: string): WireError {
  return wireErrorSchema.parse(JSON.parse(text));
}

/** `code` → count and `code/n` → example; most frequent first. */
function parseFailures(hash: Hash): BatchRecord['failures'] {
  return Object.entries(hash)
    .filter(([field]) => !field.includes('/'))
    .map(([code, count]) => ({
      code,
      count: Number(count),
      examples: [1, 2, 3].flatMap((n) => hash[`${code}/${n}`] ?? []),
    }))
    .sort((a, b) => b.count - a.count);
}
