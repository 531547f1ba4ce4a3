// The environment, read once. Nothing else in this app looks at `process.env`.

import { join } from 'node:path';
import {
  type Environment,
  type FleetVariables,
  fleetVariables,
  otherVariables,
  parseEnv,
  resolveDataDir,
  resolveStorageUrl,
  variableTypes,
} from '@stenofleet/shared/config';
import { CodedError } from '@stenofleet/shared/errors';
import { type Quota } from '@stenofleet/shared/ledger';
import { z } from 'zod';
import { isLoopback } from './loopback.js';

const DAY_MS = 86_400_000;

const whole = z.coerce.number('must be a whole number').int('must be a whole number');

const variables = fleetVariables.extend({
  STENO_API_HOST: z.string().default('127.0.0.1'),
  STENO_API_PORT: whole.min(0).max(65_535).default(8080),
  STENO_API_KEYS: z.enum(['on', 'off'], 'must be on or off').optional(),
  STENO_ADMIN_KEY: z
    .string()
    .min(24, 'must have at least 24 characters')
    .max(512)
    .regex(
      /^[\x21-\x7e]+$/,
      'may hold no spaces and nothing beyond ASCII: a header could not carry it',
    )
    .optional(),
  STENO_API_MAX_UPLOAD_BYTES: whole.positive('must be positive').default(16 * 2 ** 30),
  STENO_DEFAULT_MODEL: z.string().optional(),
  STENO_QUOTA_JOBS: whole.positive('must be positive').optional(),
  STENO_QUOTA_AUDIO_SECONDS: variableTypes.seconds.optional(),
  STENO_WEBHOOK_PRIVATE_HOSTS: variableTypes.list.default([]),
  STENO_WEBHOOK_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
});

export type ApiConfig = {
  /** What the fleet is opened with. */
  readonly fleet: FleetVariables;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Off only when bound to loopback: everybody is the tenant `default` with all scopes. */
  readonly keysRequired: boolean;
  /** The first admin key; the others lie in Redis. */
  readonly adminKey: string | undefined;
  readonly maxUploadBytes: number;
  /** For requests that name none; undefined: what the live hosts serve, or the demo model. */
  readonly defaultModel: string | undefined;
  /** Of each tenant that has none of its own. */
  readonly quota: Quota;
  /** Hosts or networks of webhooks that are private and yet allowed. */
  readonly webhookPrivateHosts: readonly string[];
  /** Signs webhooks; undefined: one is made and kept in Redis. */
  readonly webhookSecret: string | undefined;
  /** Without trailing slash. */
  readonly storageUrl: string;
  /** Beside the storage's own results. */
  readonly outputPrefixes: readonly string[];
  /** Where models of this host are installed, if it has any. */
  readonly modelsRoot: string;
  /** How long records of final jobs stay in Redis. */
  readonly retentionMs: number;
};

/** @throws CodedError `CONFIG_INVALID`, naming every problem at once */
export function readConfig(environment: Environment = process.env): ApiConfig {
  const data = parseEnv(environment, variables, {
    others: [...otherVariables.worker, ...otherVariables.cli],
  });
  const host = data.STENO_API_HOST;
  const keysRequired =
    data.STENO_API_KEYS === undefined ? !isLoopback(host) : data.STENO_API_KEYS === 'on';
  if (!keysRequired && !isLoopback(host)) {
    const problem = `STENO_API_KEYS: off is allowed only where STENO_API_HOST is a loopback address, not "${host}"`;
    throw new CodedError('CONFIG_INVALID', `Wrong settings in the environment:\n  ${problem}`, {
      details: { problems: [problem] },
    });
  }
  return Object.freeze({
    fleet: data,
    host,
    port: data.STENO_API_PORT,
    keysRequired,
    adminKey: data.STENO_ADMIN_KEY,
    maxUploadBytes: data.STENO_API_MAX_UPLOAD_BYTES,
    defaultModel: data.STENO_DEFAULT_MODEL,
    quota: {
      ...(data.STENO_QUOTA_JOBS !== undefined && { maxOpenJobs: data.STENO_QUOTA_JOBS }),
      ...(data.STENO_QUOTA_AUDIO_SECONDS !== undefined && {
        maxAudioSecondsPerDay: data.STENO_QUOTA_AUDIO_SECONDS,
      }),
    },
    webhookPrivateHosts: data.STENO_WEBHOOK_PRIVATE_HOSTS,
    webhookSecret: data.STENO_WEBHOOK_SECRET,
    storageUrl: resolveStorageUrl(data),
    outputPrefixes: data.STENO_OUTPUT_PREFIXES.map((prefix) => prefix.replace(/\/+$/, '')),
    modelsRoot: join(resolveDataDir(data), 'models'),
    retentionMs: data.STENO_JOB_RETENTION_DAYS * DAY_MS,
  });
}
