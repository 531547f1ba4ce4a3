// Which submissions are the same job.

import { createHash } from 'node:crypto';
import { type JobPlan } from './job-record.js';

export type JobIdentity = {
  tenant: string;
  /** Address and ETag, or the content's hash for an upload. */
  source: { uri: string; etag?: string | undefined };
  plan: JobPlan;
  output: { prefix: string | undefined; name: string | undefined };
};

/** The same tenant, recording, model, tier, options and output prefix give the same id, now and in a year. */
export function computeJobId(identity: JobIdentity): string {
  return toId('j', identity);
}

/** A key that the client gave goes before what the job is. */
export function computeKeyedId(kind: 'job' | 'batch', tenant: string, key: string): string {
  return toId(kind === 'job' ? 'j' : 'b', { tenant, key });
}

/** What a request asks for, to tell whether a key is used for the same thing again. */
export function computeFingerprint(value: unknown): string {
  return createHash('sha256').update(toCanonicalJson(value)).digest('hex').slice(0, 32);
}

/** A letter first: a job id of digits only is not allowed in the queue. 100 bits, lower-case letters and digits. */
function toId(letter: string, value: unknown): string {
  const digest = createHash('sha256').update(toCanonicalJson(value)).digest();
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let id = letter;
  for (const byte of digest.subarray(0, 20)) id += alphabet[byte & 31] ?? '';
  return id;
}

/** Keys in order, absent values left out: the same value is written in one way only. */
function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
