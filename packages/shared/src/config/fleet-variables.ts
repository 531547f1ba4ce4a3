// Variables that the API and the workers share: what all parts of a fleet must agree on.

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
const flag = z.enum(['0', '1'], 'must be 0 or 1').transform((value) => value === '1');
const seconds = z.coerce.number('must be a number of seconds').positive('must be positive');

export const fleetVariables = z.object({
  STENO_DATA_DIR: z.string().optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// address')
    .default('redis://127.0.0.1:6379'),
  STENO_REDIS_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'letters, digits and dashes')
    .default('steno'),
  /** `s3://bucket/prefix` or `file:///folder`. */
  STENO_STORAGE: z
    .string()
    .regex(/^(s3|file):\/\//, 'must be an s3:// or file:/// address')
    .optional(),
  /** Store addresses under which jobs may publish, beside the storage's own results. */
  STENO_OUTPUT_PREFIXES: list.default([]),
  /** Folders that `file:` sources may lie in. */
  STENO_SOURCE_ROOTS: list.default([]),
  /** `s3://bucket/prefix` that sources may lie in. */
  STENO_SOURCE_BUCKETS: list.default([]),
  /** Hosts (`host`, `host:port`) or networks (CIDR) of http sources that are private and yet allowed. */
  STENO_SOURCE_PRIVATE_HOSTS: list.default([]),
  STENO_SOURCE_MAX_BYTES: z.coerce
    .number('must be a number')
    .int()
    .positive()
    .default(64 * 2 ** 30),
  STENO_JOB_RETENTION_DAYS: z.coerce.number('must be a number of days').positive().default(30),
  STENO_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
    .optional(),
  STENO_S3_REGION: z.string().default('us-east-1'),
  STENO_S3_ACCESS_KEY_ID: z.string().optional(),
  STENO_S3_SECRET_ACCESS_KEY: z.string().optional(),
  STENO_S3_PATH_STYLE: flag.optional(),
  STENO_S3_IDLE_SECONDS: seconds.default(30),
  STENO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  XDG_DATA_HOME: z.string().optional(),
});
export type FleetVariables = z.output<typeof fleetVariables>;

/** `list`, `flag` and `seconds` as environment variables write them. */
export const variableTypes = { list, flag, seconds };

/** Names that a fleet's other apps read: they may stand in a shared environment. */
export const otherVariables = {
  api: [
    'STENO_API_HOST',
    'STENO_API_PORT',
    'STENO_API_KEYS',
    'STENO_ADMIN_KEY',
    'STENO_API_MAX_UPLOAD_BYTES',
    'STENO_DEFAULT_MODEL',
    'STENO_QUOTA_JOBS',
    'STENO_QUOTA_AUDIO_SECONDS',
    'STENO_WEBHOOK_PRIVATE_HOSTS',
    'STENO_WEBHOOK_SECRET',
  ],
  worker: [
    'STENO_MODELS',
    'STENO_LANES',
    'STENO_JOBS',
    'STENO_DRAIN_SECONDS',
    'STENO_LOCK_SECONDS',
    'STENO_CHUNK_SECONDS',
    'STENO_WORKER_PORT',
    'STENO_WORKER_HOST',
    'STENO_MAX_PRIVATE_MB',
    'STENO_WORK_DIR',
  ],
  cli: ['STENO_MODEL', 'STENO_TIER', 'STENO_DEBUG', 'STENO_API_URL', 'STENO_API_KEY'],
} as const;

/** The data folder; the XDG specification has relative paths ignored. */
export function resolveDataDir(
  variables: Pick<FleetVariables, 'STENO_DATA_DIR' | 'XDG_DATA_HOME'>,
): string {
  const xdg = variables.XDG_DATA_HOME;
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'share');
  return resolve(variables.STENO_DATA_DIR ?? join(base, 'stenofleet'));
}

/** The storage's address: the data folder's `storage` where none is given. */
export function resolveStorageUrl(variables: FleetVariables): string {
  const url =
    variables.STENO_STORAGE ?? pathToFileURL(join(resolveDataDir(variables), 'storage')).href;
  return url.replace(/\/+$/, '');
}
