// How the API and the workers are started: the same entry points and environment as anywhere else.

import { hostSchema } from '@stenofleet/shared/ledger';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type ApiClient } from '../fleet/api-client.js';
import { logPathOf } from './log-files.js';
import { type PartPlan } from './part.js';

const API_STOP_MS = 15_000;

type PlanOptions = {
  dataDir: string;
  env: Readonly<Record<string, string>>;
  /** Of the API, with one try a request. */
  client: ApiClient;
};

export function planApi({ dataDir, env, client }: PlanOptions): PartPlan {
  return {
    name: 'api',
    shown: 'The API',
    ...runNode(import.meta.resolve('@stenofleet/api/main')),
    env,
    logPath: logPathOf(dataDir, 'api'),
    isReady: async () => {
      await client.request('/readyz', z.looseObject({ status: z.literal('ready') }));
      return true;
    },
    stopMs: API_STOP_MS,
  };
}

export function planWorker(
  { dataDir, env, client }: PlanOptions,
  { number, drainMs }: { number: number; drainMs: number },
): PartPlan {
  return {
    name: `worker-${number}`,
    shown: `Worker ${number}`,
    ...runNode(import.meta.resolve('@stenofleet/worker/main')),
    env,
    logPath: logPathOf(dataDir, `worker-${number}`),
    isReady: async (pid) => {
      const { items } = await client.request('/v1/hosts', hostsSchema);
      return items.some((host) => host.pid === pid && host.state === 'serving');
    },
    // Beyond the drain it stores what it has and closes its connections.
    stopMs: drainMs + 15_000,
  };
}

export const hostsSchema = z.object({ items: z.array(hostSchema) });

function runNode(entry: string): Pick<PartPlan, 'command' | 'args'> {
  const guard = new URL(`./parent-guard.js?parent=${process.pid}`, import.meta.url);
  return {
    command: process.execPath,
    args: ['--import', guard.href, fileURLToPath(entry)],
  };
}
