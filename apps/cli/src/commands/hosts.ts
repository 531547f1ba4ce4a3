// `steno hosts`: who works for the fleet.

import { type Command } from 'commander';
import { type CliContext, type CommandResult } from '../context.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { formatServed } from '../terminal/fleet-lines.js';
import { formatClock } from '../terminal/format-quantities.js';
import { formatTable } from '../terminal/table.js';
import { apiOption } from './api-option.js';

type HostsOptions = ApiOptions & { json: boolean };

/** Declares `steno hosts`. */
export function declareHosts(
  program: Command,
  run: (options: HostsOptions) => Promise<void>,
): void {
  program
    .command('hosts')
    .summary('list the hosts that work for the fleet')
    .description(
      'Lists the worker processes that are alive and what they serve. Needs an admin key.',
    )
    .addOption(apiOption())
    .option('--json', 'one JSON object per host', false)
    .action(run);
}

export async function hosts(
  { json, ...options }: HostsOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, styles, now } = context;
  // Only what asks for hosts needs the queue's libraries.
  const { hostsSchema } = await import('../up/plan-parts.js');
  const { client } = await openApi(options, context);
  const { items } = await client.request('/v1/hosts', hostsSchema);
  if (json) {
    for (const host of items) stdout.write(`${JSON.stringify(host)}\n`);
    return 'ok';
  }
  if (items.length === 0) {
    stdout.write('No worker is alive: what is submitted waits.\n');
    return 'ok';
  }
  const header = ['HOST', 'PID', 'STATE', 'LANES', 'JOBS', 'CHUNKS', 'DONE', 'SEEN', 'SERVES'];
  const rows = items.map((host) => [
    styles.out.strong(host.hostname),
    String(host.pid),
    host.state === 'serving' ? styles.out.good(host.state) : styles.out.warning(host.state),
    String(host.lanes),
    String(host.jobs),
    String(host.chunks),
    formatClock(host.audioSecondsDone),
    `${Math.max(0, Math.round((now().getTime() - host.seenAtMs) / 1000))} s ago`,
    formatServed([host]),
  ]);
  stdout.write(`${formatTable([header.map(styles.out.quiet), ...rows]).join('\n')}\n`);
  return 'ok';
}
