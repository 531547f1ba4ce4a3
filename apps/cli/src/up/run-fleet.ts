// A whole fleet on this machine for as long as this process lives: redis → API → workers, and back in that order's
// reverse, except that the API goes first.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fleetVariables,
  otherVariables,
  parseEnv,
  resolveStorageUrl,
} from '@stenofleet/shared/config';
import { type HostRecord } from '@stenofleet/shared/ledger';
import { CliError } from '../cli-error.js';
import { toDiskError } from '../disk-error.js';
import { createApiClient, type ApiClient } from '../fleet/api-client.js';
import { isLoopbackHost } from '../fleet/loopback.js';
import { writeFileAtomically } from '../transcribe/write-atomically.js';
import { endAbandonedParts } from './end-abandoned.js';
import {
  adminKeyPath,
  type FleetLock,
  getFleetFolder,
  lockFleet,
  readStartMark,
} from './fleet-state.js';
import { followErrors, logPathOf } from './log-files.js';
import { planOwnRedis } from './own-redis.js';
import { createPart, type Part, type PartPlan } from './part.js';
import { hostsSchema, planApi, planWorker } from './plan-parts.js';
import { choosePort } from './ports.js';

/** Longer than that, somebody at a terminal takes it for hanging; what is interrupted is done again next time. */
const DRAIN_SECONDS = 10;
const STILL_STARTING_MS = 15_000;

export type FleetRequest = {
  /** Absolute. */
  dataDir: string;
  host: string;
  /** 0: any free one. */
  port: number;
  redisUrl: string | undefined;
  models: string | undefined;
  lanes: number | undefined;
  workers: number;
  /** Folders that `file:` sources may lie in; undefined: those of the environment, or else `cwd`. */
  roots: readonly string[] | undefined;
  cwd: string;
  environment: Readonly<Record<string, string>>;
};

export type StartedFleet = {
  apiUrl: string;
  keysRequired: boolean;
  adminKeyFile: string;
  redisUrl: string;
  /** Undefined where somebody else's Redis is used. */
  redisFolder: string | undefined;
  redisNamespace: string;
  storageUrl: string;
  sourceRoots: readonly string[];
  logFolder: string;
  hosts: readonly HostRecord[];
};

/** Tells a person how it goes. */
export interface FleetReporter {
  starting(what: string): void;
  started(fleet: StartedFleet): void;
  trouble(text: string, details?: readonly string[]): void;
  back(what: string): void;
  stopping(what: string): void;
}

export type FleetServices = {
  signal: AbortSignal;
  reporter: FleetReporter;
  /** See `CliContext.allowGoodbye`. */
  allowGoodbye: (ms: number) => void;
  /** Something to do while the fleet runs; it ends with the signal. */
  accompany: (fleet: StartedFleet, signal: AbortSignal) => Promise<void>;
};

/** Runs until the signal aborts. @throws CliError `FLEET_FAILED`, `FLEET_RUNNING`, `PORT_TAKEN`, `REDIS_MISSING` */
export async function runFleet(request: FleetRequest, services: FleetServices): Promise<void> {
  const lock = await lockFleet(request.dataDir);
  const parts: Part[] = [];
  // The last resort, and all there is after a second Ctrl-C. Redis writes what it knows before it ends.
  const killAll = () => {
    for (const part of parts) part.kill(part.name === 'redis' ? 'SIGTERM' : 'SIGKILL');
  };
  process.once('exit', killAll);
  const errors = new AbortController();
  try {
    const fleet = await startFleet(request, { ...services, lock, parts, errors: errors.signal });
    services.reporter.started(fleet);
    await services.accompany(fleet, services.signal);
    await untilAborted(services.signal);
  } finally {
    errors.abort();
    await stopParts(parts, services.reporter);
    process.removeListener('exit', killAll);
    await lock.release();
  }
}

type StartServices = FleetServices & { lock: FleetLock; parts: Part[]; errors: AbortSignal };

async function startFleet(request: FleetRequest, services: StartServices): Promise<StartedFleet> {
  const { dataDir, host } = request;
  const { reporter, lock, signal } = services;
  if (lock.abandoned) {
    await endAbandonedParts(lock.abandoned, {
      onWait: () => reporter.starting('Ending what an earlier "steno up" has left behind'),
    });
  }
  const settled = await settleEnvironment(request);
  const { variables, keysRequired } = settled;
  const port = await choosePort(host, request.port);
  services.allowGoodbye(settled.drainMs + 60_000);

  const ownRedis =
    request.redisUrl === undefined ? await planOwnRedis(dataDir, settled.env) : undefined;
  const redisUrl = ownRedis?.url ?? request.redisUrl ?? '';
  const apiUrl = `http://${formatHost(host)}:${port}`;
  const env = {
    ...settled.env,
    REDIS_URL: redisUrl,
    STENO_API_HOST: host,
    STENO_API_PORT: String(port),
  };
  if (ownRedis) {
    reporter.starting('Starting redis-server');
    await startPart(ownRedis.plan, services);
  }
  const key = settled.env['STENO_ADMIN_KEY'];
  const client = createApiClient({ url: apiUrl, key, signal, maxTries: 1, answerMs: 5_000 });
  const plan = { dataDir, env, client };
  reporter.starting('Starting the API');
  await startPart(planApi(plan), services);
  await lock.tell({
    apiUrl,
    sourceRoots: settled.sourceRoots,
    ...(ownRedis && { redisUrl: ownRedis.url }),
  });
  const { workers } = request;
  reporter.starting(
    workers === 1 ? 'Starting the worker, which opens its models' : `Starting ${workers} workers`,
  );
  const stillStarting = setTimeout(
    () => reporter.starting('Still opening models; large ones take a while'),
    STILL_STARTING_MS,
  );
  try {
    const numbers = Array.from({ length: workers }, (_, index) => index + 1);
    const { drainMs } = settled;
    await Promise.all(
      numbers.map((number) => startPart(planWorker(plan, { number, drainMs }), services)),
    );
  } finally {
    clearTimeout(stillStarting);
  }
  return {
    apiUrl,
    keysRequired,
    adminKeyFile: adminKeyPath(dataDir),
    redisUrl,
    redisFolder: ownRedis?.folder,
    redisNamespace: variables.STENO_REDIS_NAMESPACE,
    storageUrl: resolveStorageUrl(variables),
    sourceRoots: settled.sourceRoots,
    logFolder: join(logPathOf(dataDir, 'x'), '..'),
    hosts: await listHosts(client),
  };
}

/** What the parts read, checked before anything is started. @throws CodedError `CONFIG_INVALID` */
async function settleEnvironment(request: FleetRequest) {
  const { dataDir, environment, host, models, lanes, workers } = request;
  const keysRequired = environment['STENO_API_KEYS'] === 'on' || !isLoopbackHost(host);
  const given = request.roots ?? splitList(environment['STENO_SOURCE_ROOTS']);
  const sourceRoots = await Promise.all(
    (given.length > 0 ? given : [request.cwd]).map((root) => requireRoot(root)),
  );
  const env: Record<string, string> = {
    ...environment,
    STENO_DATA_DIR: dataDir,
    STENO_SOURCE_ROOTS: sourceRoots.join(','),
    STENO_DRAIN_SECONDS: environment['STENO_DRAIN_SECONDS'] ?? String(DRAIN_SECONDS),
    STENO_WORK_DIR: environment['STENO_WORK_DIR'] ?? join(dataDir, 'work'),
    ...(models !== undefined && { STENO_MODELS: models }),
    ...(lanes !== undefined && { STENO_LANES: String(lanes) }),
    // Several on one machine cannot share a port.
    ...(workers > 1 && environment['STENO_WORKER_PORT'] && { STENO_WORKER_PORT: '0' }),
    ...(keysRequired && {
      STENO_ADMIN_KEY: environment['STENO_ADMIN_KEY'] ?? (await keepAdminKey(dataDir)),
    }),
  };
  const variables = parseEnv(env, fleetVariables, { others: Object.values(otherVariables).flat() });
  const drainMs = (Number(env['STENO_DRAIN_SECONDS']) || 0) * 1000;
  return { env, variables, keysRequired, sourceRoots, drainMs };
}

function splitList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The API compares real paths. */
async function requireRoot(root: string): Promise<string> {
  const real = await realpath(root).catch((cause: unknown) => {
    throw new CliError('OPTION_INVALID', `${root}: there is no such folder (--root).`, { cause });
  });
  if (!real.includes(',')) return real;
  throw new CliError('OPTION_INVALID', `${real}: a root may not have a comma in its name.`);
}

/** Made at the first start that needs one, readable by its owner only. */
async function keepAdminKey(dataDir: string): Promise<string> {
  const path = adminKeyPath(dataDir);
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  const key = `steno-admin-${randomBytes(24).toString('base64url')}`;
  try {
    await mkdir(getFleetFolder(dataDir), { recursive: true });
    await writeFileAtomically(path, `${key}\n`, { mode: 0o600 });
  } catch (error) {
    throw toDiskError(error, path);
  }
  return key;
}

async function startPart(plan: PartPlan, services: StartServices): Promise<void> {
  const { reporter, lock, parts, signal } = services;
  const part = createPart(plan, {
    signal,
    events: {
      onStart: (pid) => void noteParts(pid, { name: plan.name, lock }),
      onDeath: ({ why, pauseMs, log }) =>
        reporter.trouble(
          `${plan.shown} ended unexpectedly (${why}); it is started again in ${pauseMs / 1000} s. See ${plan.logPath}.`,
          log,
        ),
      onReady: () => reporter.back(plan.shown),
    },
  });
  parts.push(part);
  await part.start();
  const errors = followErrors(plan.logPath, (text) => reporter.trouble(`${plan.shown}: ${text}`));
  services.errors.addEventListener('abort', () => errors.close(), { once: true });
}

const noteParts = async (
  pid: number,
  { name, lock }: { name: string; lock: FleetLock },
): Promise<void> => {
  const startMark = await readStartMark(pid);
  // What cannot be written now is only missing when we are killed and started again.
  await lock.tell({ parts: { [name]: { pid, startMark } } }).catch(() => undefined);
};

async function stopParts(parts: readonly Part[], reporter: FleetReporter): Promise<void> {
  const of = (prefix: string) => parts.filter(({ name }) => name.startsWith(prefix));
  const [api, workers, redis] = [of('api'), of('worker'), of('redis')];
  if (api.length > 0) reporter.stopping('Ending the API');
  await Promise.all(api.map((part) => part.stop()));
  if (workers.length > 0)
    reporter.stopping('Ending the workers, which hand back what they work on');
  await Promise.all(workers.map((part) => part.stop()));
  if (redis.length > 0) reporter.stopping('Ending redis-server, which keeps what waits');
  await Promise.all(redis.map((part) => part.stop()));
}

async function listHosts(client: ApiClient): Promise<HostRecord[]> {
  return (await client.request('/v1/hosts', hostsSchema)).items;
}

function formatHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
