// Entry of a worker host: configuration, start, signals.

import { toWireError } from '@stenofleet/shared/errors';
import { createLogger } from '@stenofleet/shared/log';
import { readConfig } from './config.js';
import { startWorker } from './start-worker.js';

const log = createLogger('worker');

try {
  const config = readConfig();
  log.level = config.fleet.STENO_LOG_LEVEL;
  const worker = await startWorker(config, log);
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals++;
    log.info({ signal }, 'asked to stop');
    if (signals === 2) worker.hurry();
    if (signals > 2) process.exit(1);
    worker.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
} catch (error) {
  const { code, message } = toWireError(error);
  log.fatal({ code, ...(code === 'INTERNAL' && { err: error }) }, message);
  process.exitCode = 1;
}
