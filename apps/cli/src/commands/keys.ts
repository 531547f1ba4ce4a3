// `steno keys`: who may use the API.

import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { type CliContext, type CommandResult } from '../context.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { toPrintable } from '../terminal/format-quantities.js';
import { formatTable } from '../terminal/table.js';
import { apiOption } from './api-option.js';

const SCOPES = ['submit', 'read', 'admin'] as const;

const keySchema = z.object({
  id: z.string(),
  tenant: z.string(),
  scopes: z.array(z.string()),
  name: z.string(),
  createdAt: z.string(),
});

type Run = (work: (context: CliContext) => Promise<CommandResult>) => Promise<void>;
type CreateOptions = ApiOptions & { tenant: string; scopes: string[]; name?: string };

/** Declares `steno keys …`; all of it needs an admin key. */
export function declareKeys(program: Command, run: Run): void {
  const keys = program.command('keys').description('make, list and revoke keys of the API');
  keys
    .command('create')
    .description('make a key and print it; it is told only once')
    .option('--tenant <name>', 'whose jobs it may see and touch', 'default')
    .option('--scopes <list>', `of ${SCOPES.join(',')}`, parseScopes, ['submit', 'read'])
    .option('--name <text>', 'who or what it is for')
    .addOption(apiOption())
    .action((options: CreateOptions) => run((context) => createKey(options, context)));
  keys
    .command('list')
    .description('keys without their secrets')
    .addOption(apiOption())
    .action((options: ApiOptions) => run((context) => listKeys(options, context)));
  keys
    .command('remove')
    .description('revoke a key at once')
    .argument('<id>', 'key, as "steno keys list" names it')
    .addOption(apiOption())
    .action((id: string, options: ApiOptions) => run((context) => removeKey(id, options, context)));
}

async function createKey(
  { tenant, scopes, name, ...options }: CreateOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, stderr } = context;
  const { client } = await openApi(options, context);
  const made = await client.request('/v1/keys', keySchema.extend({ key: z.string() }), {
    method: 'POST',
    json: { tenant, scopes, ...(name !== undefined && { name }) },
  });
  stderr.write(
    `Key ${made.id} of ${made.tenant} (${made.scopes.join(', ')}). It is not shown again:\n`,
  );
  stdout.write(`${made.key}\n`);
  return 'ok';
}

async function listKeys(options: ApiOptions, context: CliContext): Promise<CommandResult> {
  const { stdout, styles } = context;
  const { client } = await openApi(options, context);
  const { items } = await client.request('/v1/keys', z.object({ items: z.array(keySchema) }));
  if (items.length === 0) {
    stdout.write('There are none.\n');
    return 'ok';
  }
  const header = ['KEY', 'TENANT', 'SCOPES', 'MADE', 'NAME'].map(styles.out.quiet);
  const rows = items.map(({ id, tenant, scopes, createdAt, name }) => [
    styles.out.strong(id),
    tenant,
    scopes.join(','),
    createdAt.slice(0, 10),
    toPrintable(name),
  ]);
  stdout.write(`${formatTable([header, ...rows]).join('\n')}\n`);
  return 'ok';
}

async function removeKey(
  id: string,
  options: ApiOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { client } = await openApi(options, context);
  await client.request(`/v1/keys/${encodeURIComponent(id)}`, z.unknown(), { method: 'DELETE' });
  context.stdout.write(`${context.styles.out.good('✓')} Key ${id} is revoked.\n`);
  return 'ok';
}

function parseScopes(list: string): string[] {
  const scopes = list.split(',').map((part) => part.trim());
  const wrong = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (wrong === undefined) return scopes;
  throw new InvalidArgumentError(`There is no scope "${wrong}"; there are ${SCOPES.join(', ')}.`);
}
