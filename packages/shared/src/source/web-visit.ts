// One inspection or download over HTTP: its time limit, its pinned addresses, its redirects.

import { type IncomingMessage } from 'node:http';
import { rootCertificates } from 'node:tls';
import { CodedError } from '../errors/index.js';
import { type AddressPolicy } from './address-policy.js';
import { openResponse, type PinnedAddress, toUnavailable, unavailable } from './open-response.js';
import { pinAddresses, type ResolveHost } from './pin-addresses.js';
import { cancelled } from './source-errors.js';
import { checkRedirect, getTarget } from './web-address.js';

export type WebSettings = {
  policy: AddressPolicy;
  resolve: ResolveHost;
  maxBytes: number;
  connectTimeoutMs: number;
  idleTimeoutMs: number;
  totalTimeoutMs: number;
  maxRedirects: number;
  retryDelayMs: number;
  userAgent: string;
  /** PEM certificates trusted beside Node's own. */
  ca: string | undefined;
};

export type WebRequest = { method: 'GET' | 'HEAD'; headers?: Record<string, string> };

export type WebVisit = {
  /** Ends with the caller's signal and with the time limit. */
  signal: AbortSignal;
  /** The answer behind all redirects; its body is the caller's to read or destroy. */
  request: (url: URL, request: WebRequest) => Promise<IncomingMessage>;
};

/** Runs `action` under the time limit; all it throws is a CodedError. */
export async function visit<T>(
  url: URL,
  {
    settings,
    signal,
    action,
  }: {
    settings: WebSettings;
    signal: AbortSignal | undefined;
    action: (visit: WebVisit) => Promise<T>;
  },
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), settings.totalTimeoutMs);
  const both = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  const pins = new Map<string, PinnedAddress[]>();
  try {
    if (signal?.aborted === true) throw cancelled();
    return await action({
      signal: both,
      request: (start, request) => follow(start, { request, settings, signal: both, pins }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw cancelled();
    if (limit.signal.aborted) {
      throw unavailable(
        url.host,
        `it takes longer than ${settings.totalTimeoutMs / 1000} s`,
        error,
      );
    }
    throw error instanceof CodedError ? error : toUnavailable(url.host, error);
  } finally {
    clearTimeout(timer);
  }
}

type FollowOptions = {
  request: WebRequest;
  settings: WebSettings;
  signal: AbortSignal;
  /** By host and port; a host keeps its addresses for the whole visit. */
  pins: Map<string, PinnedAddress[]>;
};

/** Nothing of one hop goes to the next: neither cookies nor credentials are ever sent. */
async function follow(start: URL, options: FollowOptions): Promise<IncomingMessage> {
  const { request, settings, signal, pins } = options;
  let url = start;
  for (let hop = 0; hop <= settings.maxRedirects; hop++) {
    const response = await openResponse(url, {
      method: request.method,
      headers: {
        'user-agent': settings.userAgent,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...request.headers,
      },
      addresses: await pin(url, { settings, signal, pins }),
      connectTimeoutMs: settings.connectTimeoutMs,
      idleTimeoutMs: settings.idleTimeoutMs,
      signal,
      ca: settings.ca === undefined ? undefined : [...rootCertificates, settings.ca],
    });
    const { statusCode = 0, headers } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      return response;
    }
    response.destroy();
    url = checkRedirect(url, { location: headers.location, policy: settings.policy });
  }
  throw new CodedError('SOURCE_NOT_FOUND', `${start.host} redirects in circles or too often.`);
}

async function pin(
  url: URL,
  { settings, signal, pins }: Omit<FollowOptions, 'request'>,
): Promise<PinnedAddress[]> {
  const target = getTarget(url);
  const key = `${target.host} ${target.port}`;
  const known = pins.get(key);
  if (known !== undefined) return known;
  const { policy, resolve, connectTimeoutMs } = settings;
  const found = await pinAddresses(target, {
    policy,
    resolve,
    timeoutMs: connectTimeoutMs,
    signal,
  });
  pins.set(key, found);
  return found;
}
