// What goes wrong on the way to a recording, as the codes of the `SourceReader` port.

import { CodedError, type FleetErrorCode } from '../errors/index.js';

/** What the stores throw, as a reader of sources says it. */
const STORE_CODES: Partial<Record<FleetErrorCode, FleetErrorCode>> = {
  STORE_NOT_FOUND: 'SOURCE_NOT_FOUND',
  STORE_FORBIDDEN: 'SOURCE_FORBIDDEN',
  STORE_UNAVAILABLE: 'SOURCE_UNAVAILABLE',
  PATH_FORBIDDEN: 'SOURCE_FORBIDDEN',
};

export function cancelled(): CodedError {
  return new CodedError('JOB_CANCELLED', 'The recording is no longer wanted.');
}

export function changed(shown: string): CodedError {
  return new CodedError('SOURCE_CHANGED', `${shown} is another recording by now.`);
}

/** The error of a store under the reader's codes; anything else comes back as it was thrown. */
export function toSourceError(error: unknown): unknown {
  const code = error instanceof CodedError ? STORE_CODES[error.code] : undefined;
  if (!(error instanceof CodedError) || code === undefined) return error;
  return new CodedError(code, error.message, { cause: error });
}

/** `ENOENT`, `ECONNRESET`, `CERT_HAS_EXPIRED` …; undefined where the error has none. */
export function getSystemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
