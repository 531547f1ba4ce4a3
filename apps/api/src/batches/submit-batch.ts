// A request becomes a batch: checked as a whole, recorded, and its input put before the expander. Items are the expander's.

import { CodedError } from '@stenofleet/shared/errors';
import {
  type BatchRecord,
  type BatchRequest,
  computeFingerprint,
  computeKeyedId,
  type JobRequest,
} from '@stenofleet/shared/job';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ApiDependencies, type Principal } from '../dependencies.js';
import { chooseOutputPrefix } from '../plan-output.js';
import { receiveUpload } from '../receive-upload.js';
import { checkSource } from '../submit-source.js';
import { checkWebhookUrl } from '../webhooks/check-webhook-url.js';
import { addBatchTicket } from './batch-tickets.js';
import { createFilter } from './read-batch-items.js';
import { resolveItem } from './resolve-item.js';

/** A longer list is kept in storage: the record of a batch is read often. */
const MAX_LIST_IN_RECORD = 100;
const MAX_RECORD_BYTES = 64 * 1024;

export type SubmitBatchOptions = {
  principal: Principal;
  dependencies: ApiDependencies;
};

/**
 * When it answers, the batch is in Redis and will be read, whatever happens to this process.
 * @throws CodedError `REQUEST_INVALID`, `SOURCE_…`, `PATH_FORBIDDEN`, `IDEMPOTENCY_KEY_REUSED`, `STORE_…`, `REDIS_UNAVAILABLE`
 */
export async function submitBatch(
  request: BatchRequest,
  { principal: { tenant }, dependencies }: SubmitBatchOptions,
): Promise<BatchRecord> {
  const { ledger, queues, now } = dependencies;
  checkRequest(request, { tenant, dependencies });
  const { idempotencyKey, ...asked } = request;
  const complete = { ...request, input: resolveList(request) };
  const requestFingerprint = computeFingerprint({ ...asked, input: complete.input });
  const id = computeKeyedId('batch', tenant, idempotencyKey ?? randomUUID());
  const input = await storeLongList(complete.input, { tenant, id, dependencies });
  // The ticket first: one without a batch is dropped, but a batch without a ticket would wait for ever.
  await addBatchTicket(id, { work: { name: 'expand' }, queues });
  const { kind, record } = await ledger.createBatch({
    id,
    tenant,
    request: { ...complete, input },
    requestFingerprint,
    createdAtMs: now(),
  });
  if (kind === 'existing' && record.requestFingerprint !== requestFingerprint) {
    throw new CodedError(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another batch; use a new key for a new batch.',
      { field: 'idempotencyKey', details: { batch: record.id } },
    );
  }
  return record;
}

/** What can be said without asking anybody, so that it is said at once and not in the report. */
function checkRequest(
  { input, defaults, webhook }: BatchRequest,
  { tenant, dependencies }: { tenant: string; dependencies: ApiDependencies },
): void {
  nameField('defaults.output.prefix', () =>
    chooseOutputPrefix(defaults.output?.prefix, { tenant, dependencies }),
  );
  if ('manifest' in input) {
    nameField('input.manifest', () => checkSource(input.manifest, { tenant, dependencies }));
  }
  if ('prefix' in input) {
    if (!/^(?:s3|file):/i.test(input.prefix)) {
      throw new CodedError('SOURCE_INVALID', 'Only s3: and file: prefixes can be listed.', {
        field: 'input.prefix',
      });
    }
    nameField('input.prefix', () => checkSource(input.prefix, { tenant, dependencies }));
    createFilter(input.include, input.exclude ?? []);
  }
  if (webhook !== undefined) {
    nameField('webhook.url', () => checkWebhookUrl(webhook.url, dependencies));
  }
  const { webhook: jobs } = defaults;
  if (jobs !== undefined) {
    nameField('defaults.webhook.url', () => checkWebhookUrl(jobs.url, dependencies));
  }
}

/** Items of a list with the batch's defaults; a wrong one refuses the request. */
function resolveList({ input, defaults }: BatchRequest): BatchRequest['input'] {
  if (!('items' in input)) return input;
  return {
    items: input.items.map((item, index): JobRequest => {
      const { request, error } = resolveItem(item, defaults);
      if (request !== undefined) return request;
      const field = `input.items.${index}${error.field === undefined ? '' : `.${error.field}`}`;
      throw new CodedError('REQUEST_INVALID', `input.items.${index}.${error.message}`, { field });
    }),
  };
}

async function storeLongList(
  input: BatchRequest['input'],
  { tenant, id, dependencies }: { tenant: string; id: string; dependencies: ApiDependencies },
): Promise<BatchRequest['input']> {
  if (!('items' in input)) return input;
  const lines = input.items.map((item) => Buffer.from(`${JSON.stringify(item)}\n`));
  const bytes = lines.reduce((sum, line) => sum + line.length, 0);
  if (lines.length <= MAX_LIST_IN_RECORD && bytes <= MAX_RECORD_BYTES) return input;
  const { source } = await receiveUpload(Readable.from(lines), {
    tenant,
    fileName: `${id}.jsonl`,
    dependencies,
  });
  return { manifest: source, format: 'jsonl' };
}

function nameField<T>(field: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, message, details } = error;
    throw new CodedError(code, message, { field, ...(details && { details }), cause: error });
  }
}
