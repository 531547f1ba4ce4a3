// Where a job publishes: under which prefix, and under which name.

import { CodedError } from '@stenofleet/shared/errors';
import { isInsidePrefix, jailPath, sanitizeName, type SourceInfo } from '@stenofleet/shared/source';
import { RESULTS_PREFIX, SCRATCH_PREFIX, UPLOADS_PREFIX } from '@stenofleet/shared/storage';
import { type ApiDependencies } from './dependencies.js';

/**
 * The prefix asked for, if the tenant may publish there: a configured one, or the tenant's own results in the storage.
 * @throws CodedError `PATH_FORBIDDEN`
 */
export function chooseOutputPrefix(
  wanted: string | undefined,
  {
    tenant,
    dependencies: { config, storage },
  }: { tenant: string; dependencies: Pick<ApiDependencies, 'config' | 'storage'> },
): string | undefined {
  if (wanted === undefined) return undefined;
  const own = `${storage.url}/${RESULTS_PREFIX}${tenant}`;
  const prefix = jailOutput(wanted, [...config.outputPrefixes, own]);
  // A configured prefix may contain the storage; what the fleet keeps there stays out of reach.
  const isFleets = [SCRATCH_PREFIX, UPLOADS_PREFIX, RESULTS_PREFIX]
    .map((folder) => `${storage.url}/${folder}`)
    .some((folder) => isInsidePrefix(folder, prefix) || isInsidePrefix(prefix, folder));
  if (isFleets && !isInsidePrefix(own, prefix)) {
    throw new CodedError('PATH_FORBIDDEN', 'This prefix is the fleet’s own storage.', {
      field: 'output.prefix',
    });
  }
  return prefix;
}

/**
 * Names to try, in this order: the one asked for and no other; else the recording's without extension, then with it
 * (`talk`, then `talk.mp3`: another job may have published `talk.wav`). Below a shared prefix folders stay.
 */
export function planOutputNames(
  wanted: string | undefined,
  { info, isShared }: { info: SourceInfo & { relativePath?: string }; isShared: boolean },
): string[] {
  if (wanted !== undefined) return [wanted];
  const path = isShared && info.relativePath !== undefined ? info.relativePath : info.name;
  const parts = path.split('/').filter((part) => part !== '');
  const full = (parts.length === 0 ? [''] : parts).map(sanitizeName).join('/');
  // `talk.manifest` as JSON would be the manifest of `talk`.
  const names = [stripExtension(full), full].map((name) => name.replace(/\.(manifest)$/i, '_$1'));
  return [...new Set(names)];
}

function stripExtension(path: string): string {
  return path.replace(/(?<=[^/])\.[^./]{1,16}$/, '');
}

function jailOutput(url: string, prefixes: readonly string[]): string {
  try {
    return jailPath(url, prefixes);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError(error.code, error.message, { field: 'output.prefix', cause: error });
  }
}
