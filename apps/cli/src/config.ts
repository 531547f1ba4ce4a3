// The environment, read once. Nothing else in this app looks at `process.env`.

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fleetVariables, otherVariables } from '@stenofleet/shared/config';
import { z } from 'zod';
import { CliError } from './cli-error.js';
import { suggestName } from './suggest-name.js';

const PREFIX = 'STENO_';

const variables = z.object({
  STENO_DATA_DIR: z.string().optional(),
  STENO_MODEL: z.string().optional(),
  STENO_TIER: z.string().optional(),
  STENO_LANES: z.coerce
    .number('must be a whole number from 1 to 256')
    .int('must be a whole number from 1 to 256')
    .min(1, 'must be a whole number from 1 to 256')
    .max(256, 'must be a whole number from 1 to 256')
    .optional(),
  STENO_DEBUG: z.enum(['0', '1'], 'must be 0 or 1').optional(),
  STENO_API_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional(),
  STENO_API_KEY: z.string().optional(),
  STENO_ADMIN_KEY: z.string().optional(),
  STENO_SOURCE_ROOTS: fleetVariables.shape.STENO_SOURCE_ROOTS,
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// address')
    .optional(),
  HF_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional(),
  HF_TOKEN: z.string().optional(),
  XDG_DATA_HOME: z.string().optional(),
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
});

/** What the API and the workers read; `up` hands it on to them. */
const fleetNames: readonly string[] = [
  ...Object.keys(fleetVariables.shape),
  ...otherVariables.api,
  ...otherVariables.worker,
  ...otherVariables.cli,
];
const SECRET = /KEY|SECRET|PASSWORD|TOKEN|URL/;

export type CliConfig = {
  /** Models, downloads, the ledger of finished recordings and `settings.json` lie here. Absolute. */
  readonly dataDir: string;
  readonly model: string | undefined;
  readonly tier: string | undefined;
  readonly lanes: number | undefined;
  /** Show where an error arose. */
  readonly debug: boolean;
  readonly hubUrl: string | undefined;
  readonly hubToken: string | undefined;
  /** Whether a terminal may be given colors. */
  readonly color: boolean;
  /** Address of the fleet's API. */
  readonly apiUrl: string | undefined;
  readonly apiKey: string | undefined;
  /** Bootstrap key of an API that `up` starts. */
  readonly adminKey: string | undefined;
  /** Folders that `file:` sources of an API on this machine may lie in. */
  readonly sourceRoots: readonly string[];
  readonly redisUrl: string | undefined;
  /** All of the environment, for child processes. */
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Reads the environment. A variable that is set to nothing counts as not set.
 * @throws CliError `CONFIG_INVALID`, naming every problem at once
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): CliConfig {
  const given = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const result = variables.safeParse(given);
  const problems = [
    ...findUnknown(Object.keys(given)),
    ...(result.error?.issues ?? []).map(
      ({ path, message }) =>
        `${path.join('.')}: ${message}${SECRET.test(String(path[0])) ? '' : `, not "${given[String(path[0])] ?? ''}"`}`,
    ),
  ];
  if (!result.success || problems.length > 0) {
    throw new CliError(
      'CONFIG_INVALID',
      `Wrong settings in the environment:\n  ${problems.join('\n  ')}`,
    );
  }
  const { data } = result;
  return Object.freeze({
    dataDir: resolve(data.STENO_DATA_DIR ?? defaultDataDir(data.XDG_DATA_HOME, home)),
    model: data.STENO_MODEL,
    tier: data.STENO_TIER,
    lanes: data.STENO_LANES,
    debug: data.STENO_DEBUG === '1',
    hubUrl: data.HF_ENDPOINT,
    hubToken: data.HF_TOKEN,
    color: data.NO_COLOR === undefined && data.TERM !== 'dumb',
    apiUrl: data.STENO_API_URL,
    apiKey: data.STENO_API_KEY,
    adminKey: data.STENO_ADMIN_KEY,
    sourceRoots: data.STENO_SOURCE_ROOTS,
    redisUrl: data.REDIS_URL,
    environment: Object.freeze(given),
  });
}

/** The XDG specification has relative paths ignored. */
function defaultDataDir(xdgDataHome: string | undefined, home: string): string {
  const base =
    xdgDataHome !== undefined && isAbsolute(xdgDataHome)
      ? xdgDataHome
      : join(home, '.local', 'share');
  return join(base, 'stenofleet');
}

function findUnknown(names: readonly string[]): string[] {
  const own = Object.keys(variables.shape).filter((name) => name.startsWith(PREFIX));
  const known = [...new Set([...own, ...fleetNames])];
  return names
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => {
      const suggestion = suggestName(name, known);
      const hint =
        suggestion === undefined ? `known are ${own.join(', ')}` : `did you mean ${suggestion}?`;
      return `${name}: there is no such variable; ${hint}`;
    });
}
