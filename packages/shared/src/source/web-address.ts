// http(s) addresses: their form, and whether their host may be asked at all. No I/O.

import { CodedError } from '../errors/index.js';
import { type AddressPolicy, bareHost, type WebTarget } from './address-policy.js';

const MAX_LENGTH = 4096;
// What a URL parser drops or rewrites without a word; two parsers then disagree on what was meant.
// eslint-disable-next-line no-control-regex -- these are what is refused
const REWRITTEN = /[\u0000-\u0020\u007f\\]/;

/**
 * Form, host and port of an address, normalised: no fragment, no trailing dot of the host.
 * @throws CodedError `SOURCE_INVALID`, `SOURCE_FORBIDDEN`
 */
export function checkWebAddress(uri: string, policy: AddressPolicy): URL {
  const url = parseWebAddress(uri);
  const problem = policy.findTargetProblem(getTarget(url));
  if (problem !== undefined) {
    throw new CodedError('SOURCE_FORBIDDEN', `${showAddress(url)} is refused: ${problem}.`);
  }
  return url;
}

/**
 * The next hop. Each is checked like an address a user submits.
 * @throws CodedError `SOURCE_FORBIDDEN`
 */
export function checkRedirect(
  from: URL,
  { location, policy }: { location: string; policy: AddressPolicy },
): URL {
  const refuse = (why: string) =>
    new CodedError('SOURCE_FORBIDDEN', `${showAddress(from)} redirects to ${why}.`);
  // Header values arrive as Latin-1; servers write UTF-8. Spaces are common in them, and harmless once encoded.
  const text = Buffer.from(location, 'latin1').toString('utf8').replaceAll(' ', '%20');
  if (REWRITTEN.test(text) || !URL.canParse(text, from.href)) {
    throw refuse('something that is no address');
  }
  const target = new URL(text, from);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw refuse('an unencrypted address');
  }
  try {
    return checkWebAddress(target.href, policy);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw refuse(`an address that is refused: ${error.message.replace(/\.$/, '')}`);
  }
}

export function getTarget(url: URL): WebTarget {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: bareHost(url), port };
}

/** For messages: host and path. A query may be a signature, user and password are secrets. */
export function showAddress(url: URL): string {
  return `${url.host}${url.pathname}`;
}

function parseWebAddress(uri: string): URL {
  if (uri.length > MAX_LENGTH) throw invalid(`it is longer than ${MAX_LENGTH} characters`);
  if (REWRITTEN.test(uri)) throw invalid('it holds a space, a backslash or a control character');
  if (!/^https?:\/\/[^/?#]/i.test(uri) || !URL.canParse(uri)) throw invalid('it has no valid host');
  const url = new URL(uri);
  if (url.username !== '' || url.password !== '' || hasUserinfo(uri)) {
    throw invalid('it holds a user name or password');
  }
  url.hostname = url.hostname.replace(/\.$/, '');
  url.hash = '';
  if (!isHost(url.hostname)) throw invalid('it has no valid host');
  return url;
}

/** `http://@host/` leaves no trace in a parsed URL. */
function hasUserinfo(uri: string): boolean {
  return /^https?:\/\/[^/?#]*@/i.test(uri);
}

function isHost(host: string): boolean {
  return host.startsWith('[') || (host.length <= 253 && /^[\w-]+(?:\.[\w-]+)*$/.test(host));
}

function invalid(why: string): CodedError {
  return new CodedError('SOURCE_INVALID', `This is no http(s) address we take: ${why}.`);
}
