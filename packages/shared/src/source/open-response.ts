// One HTTP request to addresses that were checked before: no pool, no cookie, no credential, no decompression.

import * as http from 'node:http';
import * as https from 'node:https';
import { type LookupFunction } from 'node:net';
import { CodedError } from '../errors/index.js';
import { getSystemCode } from './source-errors.js';

export type PinnedAddress = { address: string; family: 4 | 6 };

export type ResponseOptions = {
  method: 'GET' | 'HEAD';
  headers: Record<string, string>;
  /** The connection goes to one of these, whatever DNS says by then. */
  addresses: readonly PinnedAddress[];
  connectTimeoutMs: number;
  /** Between the request and the end of the answer's head. */
  idleTimeoutMs: number;
  signal: AbortSignal;
  /** PEM certificates trusted beside the system's. */
  ca: readonly string[] | undefined;
};

/**
 * The answer, whatever its status; its body is the caller's to read or destroy. Certificates are checked against the
 * URL's host name.
 * @throws CodedError `SOURCE_UNAVAILABLE`
 */
export function openResponse(url: URL, options: ResponseOptions): Promise<http.IncomingMessage> {
  const { method, headers, addresses, connectTimeoutMs, idleTimeoutMs, signal, ca } = options;
  const isEncrypted = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isEncrypted ? https : http).request(url, {
      method,
      headers,
      signal,
      agent: false,
      lookup: createPinnedLookup(addresses),
      insecureHTTPParser: false,
      ...(isEncrypted && { rejectUnauthorized: true, ...(ca !== undefined && { ca: [...ca] }) }),
    });
    const giveUp = (why: string) => () => request.destroy(unavailable(url.host, why));
    let timer = setTimeout(giveUp('it cannot be connected to'), connectTimeoutMs);
    request.once('socket', (socket) => {
      socket.once(isEncrypted ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp('it does not answer'), idleTimeoutMs);
      });
    });
    request.once('close', () => clearTimeout(timer));
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    // Stays: an error behind the answer's head shows on the answer, and must not end the process here.
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error instanceof CodedError ? error : toUnavailable(url.host, error));
    });
    request.end();
  });
}

/** A `lookup` for sockets that answers with addresses which are known already. */
export function createPinnedLookup(addresses: readonly PinnedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (first === undefined) callback(new Error('No address is pinned.'), '');
    else if (all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

export function unavailable(host: string, why: string, cause?: unknown): CodedError {
  return new CodedError('SOURCE_UNAVAILABLE', `${host} is unavailable: ${why}.`, { cause });
}

/** System messages name addresses, which are nobody's business outside; their codes do not. */
export function toUnavailable(host: string, error: unknown): CodedError {
  return unavailable(host, getSystemCode(error) ?? 'the connection failed', error);
}
