// Entry of a worker host: configuration, start, signals.

import { setFlagsFromString } from 'node:v8';
import { toWireError } from '@stenofleet/shared/errors';
import { createLogger } from '@stenofleet/shared/log';
import { readConfig } from './config.js';
import { startWorker } from './start-worker.js';

// Audio passes through in large buffers, each of which brings the next garbage collection nearer, though the heap itself
// hardly changes. With so much more room between two of them they cost a third of the time.
setFlagsFromString('--heap-growing-percent=200');

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
