// Who asks, and what they may do. Keys travel as `Authorization: Bearer`; for a browser at /queues also as the password
// of HTTP Basic.

import { createHash, timingSafeEqual } from 'node:crypto';
import { CodedError } from '@stenofleet/shared/errors';
import { type FastifyRequest } from 'fastify';
import { type ApiServer } from './api-server.js';
import { type ApiDependencies, type Principal, type Scope, scopes } from './dependencies.js';
import { createKeyStore, hashKey } from './key-store.js';
import { isLoopback, parseHostHeader } from './loopback.js';

/** The tenant of an API without keys, and of the bootstrap admin key. */
const DEFAULT_TENANT = 'default';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Looks at the request's key and answers who it belongs to. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal>;

/** @throws CodedError `UNAUTHENTICATED`, `FORBIDDEN` (a web page of another site asks) */
export function createAuthenticate(dependencies: ApiDependencies): Authenticate {
  const { config } = dependencies;
  const store = createKeyStore(dependencies);
  const adminHash = config.adminKey === undefined ? undefined : hashKey(config.adminKey);

  return async (request) => {
    if (!config.keysRequired) {
      refuseOtherSites(request);
      return { tenant: DEFAULT_TENANT, scopes };
    }
    const key = readKey(request.headers.authorization);
    if (key === undefined) {
      throw new CodedError(
        'UNAUTHENTICATED',
        'This needs a key: send it as "Authorization: Bearer steno_…".',
      );
    }
    if (adminHash !== undefined && isEqual(hashKey(key), adminHash)) {
      return { tenant: DEFAULT_TENANT, scopes, keyId: 'bootstrap' };
    }
    const found = await store.find(key);
    if (found === undefined) throw new CodedError('UNAUTHENTICATED', 'This key is not valid.');
    return { tenant: found.tenant, scopes: found.scopes, keyId: found.id };
  };
}

/** Sets `request.principal` for every route of this scope, before anything of the request is read. */
export function authenticateAll(server: ApiServer, authenticate: Authenticate): void {
  server.addHook('onRequest', async (request) => {
    request.principal = await authenticate(request);
  });
}

/**
 * A hook for one route: `onRequest: requireScope('submit')` (or `preHandler`, then after validation). `admin` may do all.
 * @throws CodedError `FORBIDDEN`
 */
export function requireScope(...accepted: readonly Scope[]) {
  return (request: FastifyRequest): Promise<void> => {
    const { scopes: own } = request.principal;
    if (own.includes('admin') || accepted.some((scope) => own.includes(scope))) {
      return Promise.resolve();
    }
    return Promise.reject(
      new CodedError('FORBIDDEN', `This needs a key with the scope ${accepted.join(' or ')}.`),
    );
  };
}

/**
 * A web page that a browser shows may neither send orders to an API that trusts its machine or a stored password, nor
 * read from it under a name of its own (DNS rebinding).
 */
export function refuseOtherSites(request: FastifyRequest): void {
  const { host, origin } = request.headers;
  const name = parseHostHeader(host);
  if (name === undefined || !isLoopback(name)) {
    throw new CodedError(
      'FORBIDDEN',
      'Without keys this API answers only to localhost, 127.0.0.1 and [::1]; see STENO_API_KEYS.',
    );
  }
  refuseCrossOrigin(request.method, { host, origin, site: request.headers['sec-fetch-site'] });
}

/** Refuses what changes something and comes from a page of another origin. */
export function refuseCrossOrigin(
  method: string,
  from: {
    host: string | undefined;
    origin: string | undefined;
    site: string | string[] | undefined;
  },
): void {
  if (SAFE_METHODS.includes(method)) return;
  const isForeign =
    (from.origin !== undefined && originHost(from.origin) !== from.host?.toLowerCase()) ||
    (from.site !== undefined && from.site !== 'same-origin' && from.site !== 'none');
  if (isForeign) throw new CodedError('FORBIDDEN', 'Web pages of other sites may not do this.');
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined;
}

/** The key of a Bearer header, or the password of a Basic one. */
function readKey(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] =
    /^(bearer|basic) +([\x21-\x7e]{1,1024})$/i.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme === '') return undefined;
  const [, password] = /^[^:]*:(.+)$/s.exec(Buffer.from(value, 'base64').toString()) ?? [];
  return password;
}

function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
