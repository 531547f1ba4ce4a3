// What the head of an answer says of a recording: its length, and what tells one version of it from another.

import { type IncomingMessage } from 'node:http';
import { CodedError } from '../errors/index.js';
import { unavailable } from './open-response.js';

const MAX_ETAG_LENGTH = 1024;

export type ResponseHead = {
  /** Place of the body's first byte in the recording. */
  start: number;
  /** Of the whole recording; undefined where the server does not say. */
  totalBytes: number | undefined;
  /** A strong ETag without quotes, or `lm:<date>:<bytes>`. */
  etag: string | undefined;
  /** For `If-Range`. */
  validator: string | undefined;
};

/** @throws CodedError for a status that brings no recording, and for a body that is not the recording as it lies. */
export function readResponseHead(response: IncomingMessage, shown: string): ResponseHead {
  const { statusCode = 0, headers } = response;
  if (statusCode !== 200 && statusCode !== 206) throw refusedStatus(shown, statusCode);
  refuseEncoded(response, shown);
  const length = parseLength(headers['content-length']);
  const range = statusCode === 206 ? parseContentRange(headers['content-range']) : undefined;
  if (statusCode === 206 && range === undefined) {
    throw unavailable(shown, 'it answers with a part, and does not say which');
  }
  const totalBytes = range === undefined ? length : range.totalBytes;
  return { start: range?.start ?? 0, totalBytes, ...readVersion(response, totalBytes) };
}

/**
 * Whether two ETags tell of different content. An ETag proper and one made of a date say nothing of each other: some
 * servers send the one with `HEAD` and the other with `GET`.
 */
export function isOtherVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.startsWith('lm:') === b.startsWith('lm:') && a !== b;
}

export function refusedStatus(shown: string, status: number): CodedError {
  if (status === 401 || status === 403) {
    return new CodedError('SOURCE_FORBIDDEN', `${shown} refuses access (${status}).`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    return unavailable(shown, `it answers ${status}`);
  }
  return new CodedError(
    'SOURCE_NOT_FOUND',
    `${shown} has no such recording: it answers ${status}.`,
  );
}

function readVersion(
  { headers }: IncomingMessage,
  totalBytes: number | undefined,
): Pick<ResponseHead, 'etag' | 'validator'> {
  const tag = /^"([^"]*)"$/.exec(headers.etag ?? '')?.[1];
  if (tag !== undefined && tag !== '' && tag.length <= MAX_ETAG_LENGTH) {
    return { etag: tag, validator: `"${tag}"` };
  }
  const modified = headers['last-modified'];
  const modifiedMs = Date.parse(modified ?? '');
  if (modified === undefined || Number.isNaN(modifiedMs) || totalBytes === undefined) {
    return { etag: undefined, validator: undefined };
  }
  return { etag: `lm:${modifiedMs}:${totalBytes}`, validator: modified };
}

/** A few kilobytes may unpack to terabytes; we asked for none of it. */
function refuseEncoded({ headers }: IncomingMessage, shown: string): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? '';
  if (!['', 'identity'].includes(encoding) || !['', 'identity', 'chunked'].includes(transfer)) {
    throw new CodedError(
      'SOURCE_INVALID',
      `${shown} sends its content compressed, which was not asked for and is not accepted.`,
    );
  }
}

function parseContentRange(
  text: string | undefined,
): { start: number; totalBytes: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(text ?? '');
  return match === null
    ? undefined
    : { start: Number(match[1]), totalBytes: parseLength(match[2]) };
}

function parseLength(text: string | undefined): number | undefined {
  return /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined;
}
