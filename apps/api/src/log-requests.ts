// One line for each request, by route: addresses as sent hold queries, which may hold what is nobody's business.

import { type ApiServer } from './api-server.js';
import { type RequestFacts } from './metrics.js';

/** Probes come every few seconds. */
const QUIET_ROUTES = ['/healthz', '/readyz', '/metrics'];

export function logRequests(server: ApiServer, observe: (facts: RequestFacts) => void): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('onRequestAbort', (request, done) => {
    const { method, routeOptions } = request;
    request.log.info({ method, route: routeOptions.url }, 'the client went away');
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? '(none)';
    const { method } = request;
    const status = reply.statusCode;
    const seconds = reply.elapsedTime / 1000;
    observe({ method, route, status, seconds });
    const line = {
      method,
      route,
      status,
      ms: Math.round(reply.elapsedTime),
      // Absent where the request was refused before its key was read.
      ...((request.principal as { tenant: string } | null) && {
        tenant: request.principal.tenant,
        key: request.principal.keyId,
      }),
    };
    if (QUIET_ROUTES.includes(route)) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
    done();
  });
}
