// bull-board under /queues, to look only: what is true of a job the ledger says, and a ticket removed by hand would
// leave its job behind. A browser is let in with any user name and an admin key as the password.

import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { CodedError } from '@stenofleet/shared/errors';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type ApiServer } from '../api-server.js';
import { type Authenticate, refuseCrossOrigin, requireScope } from '../authenticate.js';
import { type ApiDependencies } from '../dependencies.js';
import { sendError, toAnswer } from '../error-handler.js';

/** The page asks for fonts elsewhere; nothing leaves the fleet, and it looks well without. */
const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
const PREFIX = '/queues';
/** How often the hosts' models are looked at for new queues, in ms. */
const REFRESH_MS = 5_000;

type BoardDependencies = Pick<ApiDependencies, 'queues' | 'hosts' | 'ledger' | 'now'> & {
  authenticate: Authenticate;
};

export async function registerQueueBoard(
  server: ApiServer,
  dependencies: BoardDependencies,
): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(PREFIX);
  const board = createBullBoard({ queues: [], serverAdapter });
  const refresh = createRefresh(dependencies, (name) => {
    board.addQueue(new BullMQAdapter(dependencies.queues.get(name), { readOnlyMode: true }));
  });
  const admit = createAdmission(dependencies);

  await server.register(async (scope) => {
    // The board's own error handler knows neither our codes nor what not to tell: refusals are sent from here.
    scope.addHook('onRequest', async (request, reply) => {
      void reply.header('content-security-policy', CONTENT_POLICY);
      try {
        await admit(request);
        await refresh();
      } catch (error) {
        return refuse(reply, { request, error });
      }
    });
    await scope.register(serverAdapter.registerPlugin(), { prefix: PREFIX });
  });
}

function createAdmission({ authenticate }: BoardDependencies) {
  const requireAdmin = requireScope('admin');
  return async (request: FastifyRequest) => {
    request.principal = await authenticate(request);
    await requireAdmin(request);
    // A browser adds the stored password to what other sites make it send.
    const { host, origin, 'sec-fetch-site': site } = request.headers;
    refuseCrossOrigin(request.method, { host, origin, site });
  };
}

/** Adds the queues of all models that are served or waited for; those of models that went away stay. */
function createRefresh(
  { queues: { catalogue }, hosts, ledger, now }: BoardDependencies,
  add: (name: string) => void,
): () => Promise<void> {
  const shown = new Set<string>();
  let refreshedAtMs = -Infinity;
  return async () => {
    if (now() - refreshedAtMs < REFRESH_MS) return;
    refreshedAtMs = now();
    const served = (await hosts.list()).flatMap(({ models }) => models);
    const names = [...served, ...(await ledger.getBacklog())].flatMap(({ model, tier }) => [
      catalogue.jobs(model, tier),
      catalogue.chunks(model, tier),
    ]);
    for (const name of [catalogue.expand, catalogue.webhooks, ...names]) {
      if (shown.has(name)) continue;
      shown.add(name);
      add(name);
    }
  };
}

function refuse(
  reply: FastifyReply,
  { request, error }: { request: FastifyRequest; error: unknown },
): FastifyReply {
  if (error instanceof CodedError && error.code === 'UNAUTHENTICATED') {
    void reply.header('www-authenticate', 'Basic realm="Stenofleet queues", charset="UTF-8"');
  }
  return sendError(reply, { request, answer: toAnswer(error) });
}
