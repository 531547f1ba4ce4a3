// The recording of a request: where it lies, whether this tenant may name it, and what makes it the same recording.

import { CodedError } from '@stenofleet/shared/errors';
import { isInsidePrefix, type SourceInfo } from '@stenofleet/shared/source';
import { RESULTS_PREFIX, SCRATCH_PREFIX, UPLOADS_PREFIX } from '@stenofleet/shared/storage';
import { type ApiDependencies } from './dependencies.js';

const UPLOAD = /^upload:([^/]+)\/([0-9a-f]{64})(?:\/|$)/;

/**
 * The address, normalised, without asking what lies there.
 * @throws CodedError `SOURCE_INVALID`, `SOURCE_FORBIDDEN`, `SOURCE_NOT_FOUND` (an upload of somebody else)
 */
export function checkSource(
  source: string,
  {
    tenant,
    dependencies: { sources, storage },
  }: { tenant: string; dependencies: Pick<ApiDependencies, 'sources' | 'storage'> },
): string {
  const uri = nameField(() => sources.check(source));
  if (uri.startsWith('upload:') && UPLOAD.exec(uri)?.[1] !== tenant) {
    throw new CodedError('SOURCE_NOT_FOUND', 'There is no such upload; send the file again.', {
      field: 'source',
    });
  }
  // A source root that contains the storage does not open other tenants' uploads and results.
  const own = [SCRATCH_PREFIX, UPLOADS_PREFIX, RESULTS_PREFIX];
  if (own.some((prefix) => isInsidePrefix(`${storage.url}/${prefix}`, uri))) {
    throw new CodedError('SOURCE_FORBIDDEN', 'The fleet’s own storage is no source.', {
      field: 'source',
    });
  }
  return uri;
}

/** @throws CodedError `SOURCE_…` */
export async function inspectSource(
  uri: string,
  {
    known,
    signal,
    dependencies: { sources },
  }: {
    known: SourceInfo | undefined;
    signal: AbortSignal | undefined;
    dependencies: Pick<ApiDependencies, 'sources'>;
  },
): Promise<SourceInfo> {
  if (known !== undefined) return { ...known, uri };
  try {
    return await sources.inspect(uri, signal);
  } catch (error) {
    throw withField(error);
  }
}

/** An upload is its content, whatever its file is called; all else is an address and what was seen there. */
export function toSourceIdentity(info: SourceInfo): { uri: string; etag?: string } {
  const upload = UPLOAD.exec(info.uri);
  if (upload) return { uri: `upload:${upload[1] ?? ''}/${upload[2] ?? ''}` };
  return { uri: info.uri, ...(info.etag !== undefined && { etag: info.etag }) };
}

function nameField<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw withField(error);
  }
}

function withField(error: unknown): unknown {
  if (!(error instanceof CodedError) || !error.code.startsWith('SOURCE_')) return error;
  const { code, message, details, cause } = error;
  return new CodedError(code, message, { field: 'source', ...(details && { details }), cause });
}
