// Wires the API, starts it, and ends it on a signal.

import { CodedError, toWireError } from '@stenofleet/shared/errors';
import { openFleet } from '@stenofleet/shared/fleet';
import { createLogger, type Log } from '@stenofleet/shared/log';
import { checkRedis, toRedisError } from '@stenofleet/shared/queue';
import { type ApiServer } from './api-server.js';
import { startBatchExpander } from './batches/start-batch-expander.js';
import { type ApiConfig, readConfig } from './config.js';
import { type ApiDependencies } from './dependencies.js';
import { createModelDirectory, readModelCatalogue } from './model-directory.js';
import { createServer } from './server.js';
import { startWebhookSender } from './webhooks/start-webhook-sender.js';

/** What is still being answered after a signal is broken off then, in ms. */
const CLOSE_PATIENCE_MS = 10_000;

type Closable = { close: () => Promise<void> };

async function startApi(config: ApiConfig, log: Log): Promise<Closable> {
  const fleet = await openFleet(config.fleet, { log });
  const opened: Closable[] = [fleet];
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  try {
    for (const { severity, message } of await checkRedis(fleet.redis)) {
      if (severity === 'error') throw new CodedError('REDIS_UNSUITABLE', message);
      log.warn({ check: 'redis' }, message);
    }
    const dependencies: ApiDependencies = {
      ...fleet,
      config,
      log,
      now: Date.now,
      models: createModelDirectory({
        listHosts: () => fleet.hosts.list(),
        readCatalogue: () => readModelCatalogue(config.modelsRoot),
        defaultModel: config.defaultModel,
        now: Date.now,
      }),
    };
    const server = await createServer(dependencies);
    opened.push(startBatchExpander(dependencies), startWebhookSender(dependencies));
    opened.push({ close: () => closeServer(server) });
    await warnOfNoKey(dependencies);
    const address = await server.listen({ host: config.host, port: config.port });
    log.info({ event: 'ready', address, pid: process.pid, keys: config.keysRequired }, 'ready');
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Nobody could ask it for anything, not even for a key. */
async function warnOfNoKey({ config, redis, keys, log }: ApiDependencies): Promise<void> {
  if (!config.keysRequired || config.adminKey !== undefined) return;
  if ((await redis.hlen(keys.keys)) > 0) return;
  log.warn({ check: 'keys' }, 'There is no key yet: set STENO_ADMIN_KEY to make the first ones.');
}

/** Takes nothing new, ends idle connections, and gives the others a while. */
async function closeServer(server: ApiServer): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), CLOSE_PATIENCE_MS);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLogger('api', { level: config.fleet.STENO_LOG_LEVEL });
  const { close } = await startApi(config, log);
  const stop = (signal: NodeJS.Signals) => {
    log.info({ event: 'stopping', signal }, 'stopping');
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'did not end cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((thrown: unknown) => {
  const error = toRedisError(thrown);
  const { code, message } = toWireError(error);
  const cause = code === 'INTERNAL' ? (error instanceof Error ? error.stack : undefined) : message;
  createLogger('api').fatal({ event: 'refused', code }, cause ?? 'The API could not start.');
  process.exitCode = 1;
  // A connection that is still tried would keep the process.
  setTimeout(() => process.exit(1), 1_000).unref();
});
