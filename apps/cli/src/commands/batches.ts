// `steno batches`: the list of them, or one with its counts, its report or its end.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { batchViewSchema } from '@stenofleet/shared/job';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { type CliContext, type CommandResult } from '../context.js';
import { isCancellation } from '../describe-error.js';
import { batchPageSchema, jobPageSchema } from '../fleet/api-schemas.js';
import { listPages } from '../fleet/list-pages.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { formatBatchSummary, formatBatchTable, formatRunningLine } from '../terminal/job-lines.js';
import { toPrintable } from '../terminal/format-quantities.js';
import { apiOption } from './api-option.js';
import { parseCount } from './parse-count.js';
import { waitForAll } from './wait-for-all.js';
import { resolve } from 'node:path';

type BatchesOptions = ApiOptions & {
  wait: boolean;
  out?: string;
  force: boolean;
  report?: 'csv' | 'json';
  limit: number;
  json: boolean;
};

/** Declares `steno batches`. */
export function declareBatches(
  program: Command,
  run: (id: string | undefined, options: BatchesOptions) => Promise<void>,
): void {
  program
    .command('batches')
    .summary('list batches, or show, await or report one')
    .description('Lists batches, newest first; with an id, shows that one.')
    .argument('[id]', 'batch')
    .option('-w, --wait', 'show how it goes until all is done', false)
    .option('-o, --out <folder>', 'with --wait: download the results into it')
    .option('--force', 'with --out: overwrite files that are in the way', false)
    .addOption(
      new Option('--report <format>', 'print what became of each recording').choices([
        'csv',
        'json',
      ]),
    )
    .option('--limit <count>', 'how many at most', parseCount(100_000), 20)
    .addOption(apiOption())
    .option('--json', 'as JSON', false)
    .action(run);
}

export async function batches(
  id: string | undefined,
  { wait, out, force, report, limit, json, ...options }: BatchesOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, stderr, styles, cwd } = context;
  if (id === undefined && (wait || report !== undefined)) {
    throw new CliError('OPTION_INVALID', '--wait and --report need the id of a batch.');
  }
  if (out !== undefined && !wait) {
    throw new CliError('OPTION_INVALID', '--out downloads results and needs --wait.');
  }
  const { client } = await openApi(options, context);
  if (id === undefined) {
    const found = [];
    for await (const batch of listPages(client, '/v1/batches', {
      schema: batchPageSchema,
      limit,
    })) {
      if (json) stdout.write(`${JSON.stringify(batch)}\n`);
      else found.push(batch);
    }
    if (json) return 'ok';
    const lines = found.length === 0 ? ['There are none.'] : formatBatchTable(found, styles.out);
    stdout.write(`${lines.join('\n')}\n`);
    return 'ok';
  }
  const path = `/v1/batches/${encodeURIComponent(id)}`;
  if (report !== undefined) {
    const response = await client.open(`${path}/report`, { query: { format: report } });
    if (response.body !== null) {
      await pipeline(Readable.fromWeb(response.body as never), stdout, { end: false });
    }
    return 'ok';
  }
  if (wait) {
    const download = out === undefined ? undefined : { outDir: resolve(cwd, out), force };
    try {
      const awaited = [{ kind: 'batch', batch: { id } } as const];
      return await waitForAll(awaited, { client, json, context, download });
    } catch (error) {
      if (isCancellation(error) && !json) {
        stderr.write(`\nThe fleet goes on. To wait again: steno batches ${id} --wait\n`);
      }
      throw error;
    }
  }
  const batch = await client.request(path, batchViewSchema);
  if (json) {
    stdout.write(`${JSON.stringify(batch, undefined, 2)}\n`);
    return 'ok';
  }
  const name = batch.name === undefined ? '' : `  ${toPrintable(batch.name)}`;
  stdout.write(`${styles.out.strong(batch.id)} ${batch.status}${name}\n`);
  stdout.write(`${formatBatchSummary(batch, styles.out).join('\n')}\n`);
  const query = { status: 'running' };
  const place = { width: stdout.columns || 100, style: styles.out };
  const jobs = listPages(client, `${path}/jobs`, { schema: jobPageSchema, query, limit: 10 });
  for await (const job of jobs) stdout.write(`${formatRunningLine(job, place)}\n`);
  return 'ok';
}
