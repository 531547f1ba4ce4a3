// Which keys are taken, and their order.

import { CodedError } from '../errors/index.js';

/** S3's limit; a store's prefix counts as well. */
const MAX_KEY_BYTES = 1024;
// Neither XML (S3's lists) nor a terminal takes control characters; a backslash separates folders on some systems.
const FORBIDDEN_CHARACTERS = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\\]/u;

/** Throws `PATH_FORBIDDEN` where a key is not relative and plain. */
export function checkKey(key: string): void {
  const reason = whyForbidden(key) ?? (key.endsWith('/') ? 'it ends in "/"' : undefined);
  if (reason !== undefined) throw forbidden(key, reason);
}

/** What `list` takes: the beginning of a key, or nothing. */
export function checkListPrefix(prefix: string): void {
  if (prefix === '') return;
  const reason = whyForbidden(prefix);
  if (reason !== undefined) throw forbidden(prefix, reason);
}

/** What `deletePrefix` takes. */
export function checkFolderPrefix(prefix: string): void {
  checkListPrefix(prefix);
  if (!prefix.endsWith('/')) throw forbidden(prefix, 'a folder to delete ends in "/"');
}

function whyForbidden(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it has more than ${MAX_KEY_BYTES} bytes`;
  if (FORBIDDEN_CHARACTERS.test(key)) return 'it holds a backslash or control character';
  const parts = key.split('/');
  if (parts.at(-1) === '' && parts.length > 1) parts.pop();
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'it holds an empty, "." or ".." part';
  }
  return undefined;
}

function forbidden(key: string, reason: string): CodedError {
  const shown = JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
  return new CodedError(
    'PATH_FORBIDDEN',
    `The storage key ${shown} is not accepted: ${reason}. Keys are relative, such as "folder/file.json".`,
  );
}

/** Order of the keys' UTF-8 bytes, which is not that of JavaScript where a key holds characters beyond U+FFFF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** Surrogates (U+10000 and above) come behind U+E000…U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

const SURROGATE = /[\ud800-\udfff]/;

/** Sorts in place. */
export function sortKeys(keys: string[]): string[] {
  // The built-in order is several times faster, and the same without surrogates.
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(compareKeys) : keys.sort();
}
