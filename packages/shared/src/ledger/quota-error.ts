import { CodedError } from '../errors/index.js';

export type QuotaRefusal = { limit: 'jobs' | 'audio'; retryAfterSeconds: number };

export function createQuotaError({ limit, retryAfterSeconds }: QuotaRefusal): CodedError {
  return new CodedError(
    'QUOTA_EXCEEDED',
    limit === 'jobs'
      ? 'The quota of open jobs is used up; submit again when some are done.'
      : 'The quota of audio seconds a day is used up; submit again tomorrow (UTC).',
    { details: { limit, retryAfterSeconds } },
  );
}
