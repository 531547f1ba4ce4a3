// The environment, read once. Nothing else in this app looks at `process.env`.

import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Environment,
  type FleetVariables,
  fleetVariables,
  otherVariables,
  parseEnv,
  resolveDataDir,
  variableTypes,
} from '@stenofleet/shared/config';
import { z } from 'zod';

const wholeNumber = (max: number) =>
  z.coerce
    .number(`must be a whole number from 1 to ${max}`)
    .int(`must be a whole number from 1 to ${max}`)
    .min(1, `must be a whole number from 1 to ${max}`)
    .max(max, `must be a whole number from 1 to ${max}`);

const workerVariables = fleetVariables.extend({
  /** `model`, `model:tier` or `*`. */
  STENO_MODELS: variableTypes.list.default(['*']),
  STENO_LANES: wholeNumber(256).optional(),
  /** Jobs of one model and tier that are prepared, recognized or assembled at a time. */
  STENO_JOBS: wholeNumber(256).optional(),
  STENO_CHUNK_SECONDS: z.coerce
    .number('must be a number of seconds')
    .min(10, 'must be at least 10')
    .max(600, 'must be at most 600')
    .default(300),
  STENO_DRAIN_SECONDS: z.coerce
    .number('must be a number of seconds')
    .nonnegative('must not be negative')
    .default(25),
  STENO_LOCK_SECONDS: variableTypes.seconds.default(30),
  /** Of health and metrics; 0: any free one. Absent: no such server. */
  STENO_WORKER_PORT: z.coerce
    .number('must be a port')
    .int('must be a port')
    .min(0, 'must be a port')
    .max(65_535, 'must be a port')
    .optional(),
  STENO_WORKER_HOST: z.string().default('127.0.0.1'),
  STENO_MAX_PRIVATE_MB: wholeNumber(1_000_000).optional(),
  STENO_WORK_DIR: z.string().optional(),
});

export type WorkerConfig = {
  readonly fleet: FleetVariables;
  /** Where models are installed. Absolute. */
  readonly modelsDir: string;
  readonly models: readonly string[];
  /** Undefined: planned from the machine and the model. */
  readonly lanes: number | undefined;
  readonly jobs: number | undefined;
  readonly chunkSeconds: number;
  readonly drainMs: number;
  readonly lockMs: number;
  readonly port: number | undefined;
  readonly host: string;
  /** Undefined: planned from the model. */
  readonly maxPrivateBytes: number | undefined;
  /** Downloads and chunks in hand lie below it. Absolute. */
  readonly workDir: string;
};

/** @throws CodedError `CONFIG_INVALID`, naming every problem at once */
export function readConfig(environment: Environment = process.env): WorkerConfig {
  const data = parseEnv(environment, workerVariables, {
    others: [...otherVariables.api, ...otherVariables.cli],
  });
  const megabytes = data.STENO_MAX_PRIVATE_MB;
  return Object.freeze({
    fleet: data,
    modelsDir: join(resolveDataDir(data), 'models'),
    models: data.STENO_MODELS,
    lanes: data.STENO_LANES,
    jobs: data.STENO_JOBS,
    chunkSeconds: data.STENO_CHUNK_SECONDS,
    drainMs: data.STENO_DRAIN_SECONDS * 1000,
    lockMs: data.STENO_LOCK_SECONDS * 1000,
    port: data.STENO_WORKER_PORT,
    host: data.STENO_WORKER_HOST,
    maxPrivateBytes: megabytes === undefined ? undefined : megabytes * 2 ** 20,
    workDir: resolve(data.STENO_WORK_DIR ?? join(tmpdir(), 'stenofleet')),
  });
}
