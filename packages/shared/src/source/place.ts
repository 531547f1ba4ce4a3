// `s3:` and `file:` addresses as their parts, so that "inside" is decided part by part and never by comparing text.
// An S3 key stands in its address as it is (the convention of every S3 tool); a file's path is percent-encoded once.

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CodedError } from '../errors/index.js';

const MAX_LENGTH = 4096;
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;
// eslint-disable-next-line no-control-regex -- these are what is refused
const CONTROL = /[\u0000-\u001f\u007f\\]/;
/** Bytes that no UTF-8 holds: some decoders take `%c0%ae` for a dot. */
const OVERLONG = /%c[01]/i;
/** More layers of percent-encoding than this are no accident. */
const MAX_DECODINGS = 5;

export type Place = {
  scheme: 's3' | 'file';
  /** Empty for a file. */
  bucket: string;
  parts: string[];
  /** Whether the address ends at a folder: with a slash, or at the bucket itself. */
  isFolder: boolean;
};

/** Undefined where the address is malformed or could be read as leaving where it begins. */
export function parsePlace(uri: string): Place | undefined {
  if (uri.length > MAX_LENGTH) return undefined;
  const s3 = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(uri);
  if (s3 !== null) return parseS3({ bucket: s3[1] ?? '', key: s3[2] ?? '' });
  const file = /^file:\/\/(?:localhost)?\/(.*)$/is.exec(uri);
  return file === null ? undefined : parseFile(file[1] ?? '');
}

/** An absolute path as a place; undefined where it is not absolute or holds `..`. */
export function parsePath(path: string): Place | undefined {
  return isAbsolute(path) ? parsePlace(pathToFileURLAsWritten(path)) : undefined;
}

export function formatPlace({ scheme, bucket, parts, isFolder }: Place): string {
  const slash = isFolder && parts.length > 0 ? '/' : '';
  if (scheme === 'file') return `${pathToFileURL(toPath(parts)).href}${slash}`;
  return `s3://${[bucket, ...parts].join('/')}${slash}`;
}

export function toPath(parts: readonly string[]): string {
  return `/${parts.join('/')}`;
}

/** Whether `place` is `root` or lies below it. */
export function isWithin(place: Place, root: Place): boolean {
  return (
    place.scheme === root.scheme &&
    place.bucket === root.bucket &&
    root.parts.every((part, index) => place.parts[index] === part)
  );
}

/**
 * Whether an `s3:` or `file:` address is `prefixUrl` or lies below it; malformed ones and such with `..` lie nowhere.
 * Pure: a symbolic link is the file store's to refuse.
 */
export function isInsidePrefix(prefixUrl: string, url: string): boolean {
  const root = parsePlace(prefixUrl);
  const place = parsePlace(url);
  return root !== undefined && place !== undefined && isWithin(place, root);
}

/**
 * An output address, normalised (no trailing slash), if one of `prefixes` holds it.
 * @throws CodedError `PATH_FORBIDDEN`
 */
export function jailPath(url: string, prefixes: readonly string[]): string {
  const place = parsePlace(url);
  if (place === undefined || !prefixes.some((prefix) => isInsidePrefix(prefix, url))) {
    throw new CodedError(
      'PATH_FORBIDDEN',
      'The address lies outside the configured prefixes, or is no plain s3:// or file:// address.',
    );
  }
  return formatPlace({ ...place, isFolder: false });
}

function parseS3({ bucket, key }: { bucket: string; key: string }): Place | undefined {
  if (!BUCKET.test(bucket) || bucket.includes('..')) return undefined;
  return toPlace({ scheme: 's3', bucket, text: key });
}

function parseFile(path: string): Place | undefined {
  // A query or fragment belongs to no file; an encoded slash is a separator to some readers only.
  if (/[?#]|%2f|%5c/i.test(path)) return undefined;
  try {
    return toPlace({ scheme: 'file', bucket: '', text: decodeURIComponent(path) });
  } catch {
    return undefined;
  }
}

function toPlace({
  scheme,
  bucket,
  text,
}: Pick<Place, 'scheme' | 'bucket'> & { text: string }): Place | undefined {
  if (!isPlainPath(text)) return undefined;
  const isFolder = text === '' || text.endsWith('/');
  const parts = text === '' ? [] : text.replace(/\/$/, '').split('/');
  return { scheme, bucket, parts, isFolder };
}

/** No reading of it, however often decoded, has an empty, `.` or `..` part, a backslash or a control character. */
function isPlainPath(text: string): boolean {
  let reading = text;
  if (OVERLONG.test(text)) return false;
  for (let layer = 0; layer < MAX_DECODINGS; layer++) {
    if (CONTROL.test(reading) || reading.replace(/\/$/, '').split('/').some(isDots)) return false;
    if (reading.startsWith('/') || reading.includes('//')) return false;
    const decoded = decodeBytes(reading);
    if (decoded === reading) return true;
    reading = decoded;
  }
  return false;
}

/** Byte by byte, as a decoder does that is not stopped by what is malformed. */
function decodeBytes(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function isDots(part: string): boolean {
  return part === '.' || part === '..';
}

/** `pathToFileURL` would resolve `..` before it can be refused. */
function pathToFileURLAsWritten(path: string): string {
  return `file://${path.split('/').map(encodeURIComponent).join('/')}`;
}
