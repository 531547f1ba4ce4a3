// A worker host from its configuration to a running whole, and back.
//
//     starting ──▶ serving ──drain──▶ draining ──in hand is done, or handed back──▶ closed

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createAudioDecoder, readMachineLimits, startInferenceProcess } from '@stenofleet/asr-core';
import { type Fleet, openFleet } from '@stenofleet/shared/fleet';
import { type HostRecord } from '@stenofleet/shared/ledger';
import { type Log } from '@stenofleet/shared/log';
import { openRedis } from '@stenofleet/shared/queue';
import { describeModels, startAnnouncing } from './announce-host.js';
import { checkQueue, describeDoubts } from './check-boot.js';
import { type WorkerConfig } from './config.js';
import { createConsumer } from './consume-jobs.js';
import { startHealthServer } from './health.js';
import { startHousekeeping } from './housekeeping.js';
import { createInferenceHost } from './inference-host.js';
import { listenForCancels } from './listen-cancels.js';
import { createMetrics } from './metrics.js';
import { readVersions, readWorkerVersion } from './read-versions.js';
import { resolveServedModels } from './served-models.js';
import { openWorkFolder } from './work-folder.js';
import { createWorkRegistry } from './work-registry.js';
import { type WorkerContext } from './worker-context.js';

/** How long handing back, and then closing, may take after the time for draining is over: Redis may be away. */
const HAND_BACK_MS = 5_000;
const CLOSE_MS = 10_000;

const DAY_MS = 24 * 3_600_000;

type Closer = () => unknown;

export type RunningWorker = {
  port: number | undefined;
  /** Takes nothing new, waits for what is in hand, hands the rest back, and closes everything. Idempotent. */
  drain(): Promise<void>;
  /** Ends the waiting of a drain. */
  hurry(): void;
};

/** @throws CodedError `CONFIG_INVALID`, `REDIS_…`, `STORE_…`; AsrError `FFMPEG_MISSING`; ModelStoreError `MODEL_…` */
export async function startWorker(config: WorkerConfig, log: Log): Promise<RunningWorker> {
  /** Closed in reverse order, also where the start fails halfway. */
  const closers: Closer[] = [];
  try {
    return await startParts(config, log, closers);
  } catch (error) {
    await closeAll(closers, log);
    throw error;
  }
}

async function startParts(
  config: WorkerConfig,
  log: Log,
  closers: Closer[],
): Promise<RunningWorker> {
  const now = Date.now;
  const versions = await readVersions();
  const limits = await readMachineLimits();
  const models = await resolveServedModels(config.models, {
    ...{ root: config.modelsDir, limits, lanes: config.lanes },
    maxPrivateBytes: config.maxPrivateBytes,
  });
  for (const doubt of describeDoubts(models, limits)) log.warn(doubt);
  const fleet: Fleet = await openFleet(config.fleet, { log });
  closers.push(() => fleet.close());
  await checkQueue(fleet.redis, log);
  const workFolder = await openWorkFolder(config.workDir);
  closers.push(() => workFolder.remove());

  const registry = createWorkRegistry();
  const inference = createInferenceHost({
    ...{ start: startInferenceProcess, readLimits: readMachineLimits, log },
  });
  closers.push(() => inference.close());
  const metrics = createMetrics({
    lanes: models.map(({ key, laneCount }) => ({ model: key, lanes: laneCount })),
    countInHand: (kind) => registry.count(kind),
    readPrivateBytes: () => inference.readPrivateBytes(),
  });
  closers.push(() => {
    metrics.close();
  });

  const hostId = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  let state: HostRecord['state'] = 'starting';
  const context: WorkerContext = {
    ...{ inference, metrics, log, hostId, versions, now },
    ...{ ledger: fleet.ledger, queues: fleet.queues, storage: fleet.storage },
    ...{ openStore: fleet.openStore, sources: fleet.sources },
    decoder: createAudioDecoder(),
    workFolder: workFolder.path,
    chunkSeconds: config.chunkSeconds,
  };

  const openConnection = () => {
    const connection = openRedis(config.fleet.REDIS_URL, {
      use: 'blocking',
      onError: (error) => log.warn({ reason: error.message }, 'Redis does not answer'),
    });
    closers.push(() => {
      connection.disconnect();
    });
    return connection;
  };
  const consumers = models.map((model) =>
    createConsumer(
      {
        ...{ model, registry, lockMs: config.lockMs },
        connection: openConnection(),
        catalogue: fleet.queues.catalogue,
        numJobs: config.jobs ?? Math.max(2, model.laneCount + 1),
        numChunks: model.laneCount + 1,
        isDraining: () => state === 'draining',
      },
      context,
    ),
  );
  const stopListening = await listenForCancels({
    ...{ subscriber: openConnection(), registry, log },
    ...{ redis: fleet.redis, keys: fleet.keys, ledger: fleet.ledger, storage: fleet.storage },
  });
  closers.push(stopListening);
  const retentionMs = config.fleet.STENO_JOB_RETENTION_DAYS * DAY_MS;
  closers.push(startHousekeeping({ ...fleet, log, now, retentionMs }));

  let port: number | undefined;
  if (config.port !== undefined) {
    const health = await startHealthServer({
      ...{ host: config.host, port: config.port },
      ping: () => fleet.redis.ping(),
      isReady: () => state === 'serving',
      printMetrics: () => metrics.print(),
    });
    port = health.port;
    closers.push(() => health.close());
  }

  const version = readWorkerVersion();
  const lanes = Math.max(...models.map(({ laneCount }) => laneCount));
  const announcer = startAnnouncing({
    hosts: fleet.hosts,
    describe: () => ({
      ...{ id: hostId, hostname: hostname(), pid: process.pid, version, state, lanes },
      models: describeModels(models, (key) => inference.getPid(key)),
      jobs: registry.count('job'),
      chunks: registry.count('chunk'),
      audioSecondsDone: metrics.audioSeconds,
      computeSeconds: metrics.computeSeconds,
      seenAtMs: now(),
    }),
  });
  closers.push(() => announcer.close());
  state = 'serving';
  consumers.forEach((consumer) => consumer.start());
  await announcer.tell();
  log.info(
    {
      host: hostId,
      models: models.map(({ key }) => key),
      lanes,
      ...(port !== undefined && { port }),
    },
    'ready',
  );

  const deadline = createDeadline();
  const drain = async () => {
    state = 'draining';
    log.info({ jobs: registry.count('job'), chunks: registry.count('chunk') }, 'draining');
    void announcer.tell();
    const closing = Promise.all(consumers.map((consumer) => consumer.close()));
    if ((await deadline.race(closing, config.drainMs)) === 'late') {
      registry.stopAll('draining');
      await createDeadline().race(closing, HAND_BACK_MS);
    }
    await createDeadline().race(closeAll(closers, log), CLOSE_MS);
    log.info('stopped');
  };
  let draining: Promise<void> | undefined;
  return { port, drain: () => (draining ??= drain()), hurry: deadline.expire };
}

async function closeAll(closers: Closer[], log: Log): Promise<void> {
  for (const close of closers.reverse().splice(0)) {
    try {
      await close();
    } catch (error) {
      log.warn({ err: error }, 'something could not be closed');
    }
  }
}

/** A time limit that can be ended early. */
function createDeadline() {
  let expire: () => void = () => undefined;
  const expired = new Promise<'late'>((resolve) => (expire = () => resolve('late')));
  return {
    expire: () => expire(),
    async race(work: Promise<unknown>, ms: number): Promise<'in time' | 'late'> {
      const timer = setTimeout(expire, ms);
      const done = work.then(
        () => 'in time' as const,
        () => 'in time' as const,
      );
      return Promise.race([done, expired]).finally(() => clearTimeout(timer));
    },
  };
}
