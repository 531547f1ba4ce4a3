// Which fleet a command talks to.

import { type CliContext } from '../context.js';
import { readSettings } from '../settings.js';
import { readRunningFleet } from '../up/fleet-state.js';
import { createApiClient, type ApiClient } from './api-client.js';
import { isLoopbackHost } from './loopback.js';

const DEFAULT_URL = 'http://127.0.0.1:8080';

export type ApiOptions = { api?: string };

export type OpenedApi = {
  client: ApiClient;
  /** Real paths of the folders out of which the API itself can read; none where it is elsewhere. */
  sourceRoots: readonly string[];
};

/**
 * The address: the option, STENO_API_URL, settings.json, a `steno up` that runs on the same data folder, port 8080 here.
 * The key: STENO_API_KEY, settings.json, that of the same `steno up`.
 */
export async function openApi(
  { api }: ApiOptions,
  { config, signal }: Pick<CliContext, 'config' | 'signal'>,
): Promise<OpenedApi> {
  const settings = await readSettings(config.dataDir);
  const running = await readRunningFleet(config.dataDir);
  const url = (api ?? config.apiUrl ?? settings.apiUrl ?? running?.apiUrl ?? DEFAULT_URL).replace(
    /\/+$/,
    '',
  );
  const isOurs = running !== undefined && running.apiUrl === url;
  const key = config.apiKey ?? settings.apiKey ?? (isOurs ? running.adminKey : undefined);
  const sourceRoots = isOurs
    ? running.sourceRoots
    : isLoopbackHost(new URL(url).hostname)
      ? config.sourceRoots
      : [];
  return { client: createApiClient({ url, key, signal }), sourceRoots };
}
