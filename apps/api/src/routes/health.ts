import { z } from 'zod';
import { type ApiServer } from '../api-server.js';
import { type ApiDependencies } from '../dependencies.js';

/** A part that has not answered by then counts as away, in ms. */
const PATIENCE_MS = 3_000;

const liveSchema = z.object({ status: z.literal('ok') });
const part = z.enum(['ok', 'unavailable']);
const readySchema = z.object({
  status: z.enum(['ready', 'unavailable']),
  redis: part,
  storage: part,
});

/** Without a key: probes have none, and these tell nothing of anybody. */
export function registerHealthRoutes(
  server: ApiServer,
  { redis, storage }: Pick<ApiDependencies, 'redis' | 'storage'>,
): void {
  server.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'getHealth',
      summary: 'The process runs',
      tags: ['health'],
      security: [],
      response: { 200: liveSchema },
    },
    handler: () => ({ status: 'ok' as const }),
  });

  server.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      operationId: 'getReadiness',
      summary: 'Redis and storage answer',
      tags: ['health'],
      security: [],
      response: { 200: readySchema, 503: readySchema },
    },
    handler: async (_request, reply) => {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const [redisState, storageState] = await Promise.all([
        check(redis.ping()),
        check(storage.head('readyz', signal)),
      ]);
      const isReady = redisState === 'ok' && storageState === 'ok';
      return reply.code(isReady ? 200 : 503).send({
        status: isReady ? 'ready' : 'unavailable',
        redis: redisState,
        storage: storageState,
      });
    },
  });
}

async function check(work: Promise<unknown>): Promise<'ok' | 'unavailable'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'unavailable'>((resolve) => {
    timer = setTimeout(() => resolve('unavailable'), PATIENCE_MS);
  });
  const answer = work.then(
    () => 'ok' as const,
    () => 'unavailable' as const,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
