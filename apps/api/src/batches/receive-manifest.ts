// A manifest as the body of a request: streamed to storage, then the same request that names it by its address.

import { CodedError } from '@stenofleet/shared/errors';
import { type FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type ApiDependencies } from '../dependencies.js';
import { receiveUpload } from '../receive-upload.js';
import { scanJson } from '../scan-json.js';

const FORMATS: Record<string, 'jsonl' | 'csv'> = {
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'text/csv': 'csv',
};
export const manifestTypes = Object.keys(FORMATS);

/** What the JSON form says in its body. */
export const manifestQuery = z.strictObject({
  name: z.string().max(200).optional(),
  defaults: z
    .string()
    .max(16 * 1024)
    .optional()
    .meta({ description: 'JSON: options of every job that does not say otherwise' }),
  idempotencyKey: z.string().min(1).max(200).optional(),
});

/** The JSON body that a body of manifest lines stands for; other bodies as they are. */
export async function receiveManifest(
  request: FastifyRequest,
  dependencies: Pick<ApiDependencies, 'storage' | 'config'>,
): Promise<unknown> {
  const { body, principal } = request;
  if (!(body instanceof Readable)) return body;
  const format =
    FORMATS[request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''];
  const query = manifestQuery.safeParse(request.query);
  if (!query.success || format === undefined) {
    throw new CodedError(
      'REQUEST_INVALID',
      'query: a manifest as body takes name, defaults and idempotencyKey.',
      { field: 'query' },
    );
  }
  const { defaults, ...rest } = query.data;
  const parsed = defaults === undefined ? undefined : parseDefaults(defaults);
  const { source } = await receiveUpload(body, {
    tenant: principal.tenant,
    fileName: `manifest.${format}`,
    dependencies,
  });
  return {
    ...rest,
    ...(parsed !== undefined && { defaults: parsed }),
    input: { manifest: source, format },
  };
}

function parseDefaults(text: string): unknown {
  const problem = scanJson(text, { maxValues: 1_000 });
  if (problem !== undefined) {
    throw new CodedError('REQUEST_INVALID', `defaults: ${problem}.`, { field: 'defaults' });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CodedError('REQUEST_INVALID', 'defaults: this is not valid JSON.', {
      field: 'defaults',
    });
  }
}
