// `settings.json` in the data folder: what a user always wants, so that it need not be typed. The command line goes
// before the environment, the environment before this file.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transcriptFormats } from '@stenofleet/transcript';
import { z } from 'zod';
import { CliError } from './cli-error.js';
import { getSystemErrorCode } from './describe-error.js';

const settingsSchema = z.strictObject({
  model: z.string().optional(),
  tier: z.string().optional(),
  lanes: z.int().min(1).max(256).optional(),
  formats: z.array(z.enum(transcriptFormats)).min(1).optional(),
  /** Of the fleet that `submit`, `jobs` and the like talk to. */
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKey: z.string().optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

/** @throws CliError `CONFIG_INVALID`, naming every problem */
export async function readSettings(dataDir: string): Promise<Settings> {
  const path = join(dataDir, 'settings.json');
  try {
    return settingsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (getSystemErrorCode(cause) === 'ENOENT') return {};
    const problem =
      cause instanceof z.ZodError
        ? cause.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`)
        : [cause instanceof Error ? cause.message : String(cause)];
    throw new CliError('CONFIG_INVALID', `${path} cannot be used: ${problem.join('; ')}`, {
      cause,
    });
  }
}
