// The environment, read once by an app's config.ts.

import { type z } from 'zod';
import { CodedError } from '../errors/index.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment with a schema whose keys are variable names. A variable that is set to nothing counts as not
 * set. Variables with the prefix that neither this schema nor `others` (of the fleet's other apps) knows are refused.
 * @throws CodedError `CONFIG_INVALID`, naming every problem at once
 */
export function parseEnv<Shape extends z.ZodRawShape>(
  environment: Environment,
  schema: z.ZodObject<Shape>,
  { prefix = 'STENO_', others = [] }: { prefix?: string; others?: readonly string[] } = {},
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const known = new Set([...Object.keys(schema.shape), ...others]);
  const unknown = Object.keys(given).filter((name) => name.startsWith(prefix) && !known.has(name));
  const result = schema.safeParse(given);
  const problems = [
    ...unknown.map((name) => `${name}: there is no such variable (see docs/configuration.md)`),
    ...(result.error?.issues ?? []).map(({ path, message }) => {
      const name = String(path[0]);
      const isSecret = /KEY|SECRET|PASSWORD|TOKEN|URL/.test(name);
      const value = given[name];
      const shown = value === undefined || isSecret ? '' : `, not "${value}"`;
      return `${path.join('.')}: ${message}${shown}`;
    }),
  ];
  if (!result.success || problems.length > 0) {
    throw new CodedError(
      'CONFIG_INVALID',
      `Wrong settings in the environment:\n  ${problems.join('\n  ')}`,
      { details: { problems } },
    );
  }
  return result.data;
}
