// What the SDK and the network say → what a store says. The only place that knows these names.

import { CodedError, type FleetErrorCode } from '../errors/index.js';
import { CONDITION_REFUSED } from './probe-store.js';
import { cancelledError, changedError, notFoundError } from './stored-content.js';

/** Names win over the status: stores answer 400 or 403 for many things. */
const codesByName: Readonly<Record<string, FleetErrorCode>> = {
  NoSuchBucket: 'STORE_NOT_FOUND',
  NoSuchKey: 'STORE_NOT_FOUND',
  NotFound: 'STORE_NOT_FOUND',
  QuotaExceeded: 'STORE_FULL',
  InsufficientCapacity: 'STORE_FULL',
  EntityTooLarge: 'STORE_FULL',
  XMinioStorageFull: 'STORE_FULL',
  KeyTooLongError: 'PATH_FORBIDDEN',
  InvalidObjectName: 'PATH_FORBIDDEN',
  XMinioInvalidObjectName: 'PATH_FORBIDDEN',
  RequestTimeout: 'STORE_UNAVAILABLE',
  SlowDown: 'STORE_UNAVAILABLE',
  IncompleteBody: 'STORE_UNAVAILABLE',
  OperationAborted: 'STORE_UNAVAILABLE',
  ConditionalRequestConflict: 'STORE_UNAVAILABLE',
  NoSuchUpload: 'STORE_UNAVAILABLE',
  TimeoutError: 'STORE_UNAVAILABLE',
  CredentialsProviderError: 'STORE_FORBIDDEN',
};

const remedies: Readonly<Partial<Record<FleetErrorCode, string>>> = {
  STORE_FORBIDDEN: 'check the credentials, the region, and what they may do in this bucket',
  STORE_FULL: 'its quota or space is used up',
  PATH_FORBIDDEN: 'it does not take this key',
  STORE_UNAVAILABLE: 'it may recover',
};

export type S3ErrorContext = {
  url: string;
  /** Undefined for the bucket as a whole. */
  key?: string | undefined;
  signal?: AbortSignal | undefined;
};

/** What is no error of a store or network is given back as it is. */
export function toS3Error(error: unknown, { url, key, signal }: S3ErrorContext): unknown {
  if (error instanceof CodedError) return error;
  if (signal?.aborted === true) return cancelledError(signal);
  const facts = errorFacts(error);
  const code = fleetCode(facts);
  if (code === undefined) return error;
  if (code === 'SOURCE_CHANGED') return changedError(url, key ?? '', error);
  if (code === 'STORE_NOT_FOUND' && key !== undefined && facts.name !== 'NoSuchBucket') {
    return notFoundError(url, key, error);
  }
  const said = [facts.name, facts.systemCode, facts.status].filter((part) => part !== undefined);
  const subject = key === undefined ? url : `${url}/${key}`;
  const remedy =
    code === 'STORE_NOT_FOUND' ? 'there is no such bucket' : (remedies[code] ?? 'it failed');
  return new CodedError(code, `The store answered ${said.join(' ')} for ${subject}: ${remedy}.`, {
    cause: error,
    ...(isConditionRefusal(facts) && { details: CONDITION_REFUSED }),
  });
}

export type S3ErrorFacts = {
  name: string | undefined;
  /** Of HTTP. */
  status: number | undefined;
  /** Such as `ECONNREFUSED`. */
  systemCode: string | undefined;
  /** How often the SDK tried. */
  attempts: number;
  fromSdk: boolean;
};

export function errorFacts(error: unknown): S3ErrorFacts {
  const object = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: number; attempts?: number };
    $response?: unknown;
  };
  const { $metadata: metadata } = object;
  return {
    name: typeof object.name === 'string' ? object.name : undefined,
    status: metadata?.httpStatusCode,
    systemCode: typeof object.code === 'string' ? object.code : undefined,
    attempts: metadata?.attempts ?? 1,
    fromSdk: metadata?.httpStatusCode !== undefined || object.$response !== undefined,
  };
}

function fleetCode(facts: S3ErrorFacts): FleetErrorCode | undefined {
  const { name = '', status, systemCode, fromSdk } = facts;
  const byName = codesByName[name];
  if (byName !== undefined) return byName;
  if (status !== undefined) {
    if (status === 404) return 'STORE_NOT_FOUND';
    if (status === 412) return 'SOURCE_CHANGED';
    if (status === 507) return 'STORE_FULL';
    if (status === 408 || status === 409 || status === 429) return 'STORE_UNAVAILABLE';
    if (status >= 500 && status !== 501) return 'STORE_UNAVAILABLE';
    // The rest is what no retry can cure: credentials, region, rights, a request the store does not know.
    if (status >= 300) return 'STORE_FORBIDDEN';
  }
  // An answer that cannot be read, such as an HTML page of a proxy.
  if (fromSdk) return 'STORE_UNAVAILABLE';
  return isNetworkCode(systemCode) ? 'STORE_UNAVAILABLE' : undefined;
}

function isNetworkCode(code: string | undefined): boolean {
  if (code === undefined) return false;
  return (
    /^(E[A-Z]{3,}|EAI_[A-Z]+|HPE_[A-Z_]+|CERT_[A-Z_]+|DEPTH_ZERO_[A-Z_]+)$/.test(code) ||
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.startsWith('UNABLE_TO_') ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  );
}

/** The object is there already (in answer to `If-None-Match: *`), or is another (to `If-Match`). */
export function isPreconditionFailure({ name, status }: S3ErrorFacts): boolean {
  return status === 412 || name === 'PreconditionFailed';
}

/** Two conditional writes met; which one won is not decided yet. */
export function isConditionConflict({ name, status }: S3ErrorFacts): boolean {
  return status === 409 && (name === 'ConditionalRequestConflict' || name === 'OperationAborted');
}

/** The store has no conditional writes, or no batch delete. */
export function isNotImplemented({ name, status }: S3ErrorFacts): boolean {
  return status === 501 || name === 'NotImplemented';
}

const isConditionRefusal = isNotImplemented;
