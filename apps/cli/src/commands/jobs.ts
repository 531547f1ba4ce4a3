// `steno jobs`, `job`, `cancel`, `retry`: what the fleet has in hand, and changing it.

import { batchViewSchema, jobStatuses, jobViewSchema, outputFormats } from '@stenofleet/shared/job';
import { type Command, Option } from 'commander';
import { type CliContext, type CommandResult } from '../context.js';
import { describeError, isCancellation } from '../describe-error.js';
import { type ApiClient } from '../fleet/api-client.js';
import { jobPageSchema } from '../fleet/api-schemas.js';
import { listPages } from '../fleet/list-pages.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { countItems, formatJob, formatJobTable } from '../terminal/job-lines.js';
import { apiOption } from './api-option.js';
import { parseCount } from './parse-count.js';
import { waitForAll } from './wait-for-all.js';

type Run = (work: (context: CliContext) => Promise<CommandResult>) => Promise<void>;
type JobsOptions = ApiOptions & { status?: string; batch?: string; limit: number; json: boolean };
type JobOptions = ApiOptions & { wait: boolean; result?: string; json: boolean };

/** Declares `steno jobs`, `job`, `cancel` and `retry`. */
export function declareJobs(program: Command, run: Run): void {
  program
    .command('jobs')
    .summary("list the fleet's jobs")
    .description('Lists jobs, newest first; those of a batch in the order of its recordings.')
    .addOption(new Option('--status <which>', 'only those').choices(jobStatuses))
    .option('--batch <id>', 'only those of this batch')
    .option('--limit <count>', 'how many at most', parseCount(100_000), 20)
    .addOption(apiOption())
    .option('--json', 'one JSON object per job', false)
    .action((options: JobsOptions) => run((context) => listJobs(options, context)));
  program
    .command('job')
    .summary('show, await or read a job')
    .description('Shows a job; with --result, prints its transcript.')
    .argument('<id>', 'job')
    .option('-w, --wait', 'show how it goes until it is done', false)
    .addOption(new Option('--result <format>', 'print this result').choices(outputFormats))
    .addOption(apiOption())
    .option('--json', 'as JSON', false)
    .action((id: string, options: JobOptions) => run((context) => showJob(id, options, context)));
  program
    .command('cancel')
    .summary('cancel jobs or batches')
    .description('Cancels jobs, or batches with all their jobs. What is done stays.')
    .argument('<ids...>', 'jobs or batches')
    .addOption(apiOption())
    .action((ids: string[], options: ApiOptions) =>
      run((context) => changeAll(ids, { action: 'cancel', options }, context)),
    );
  program
    .command('retry')
    .summary('try again what failed or was cancelled')
    .description(
      'Tries jobs again, or the failed jobs of batches. Finished parts are not done again.',
    )
    .argument('<ids...>', 'jobs or batches')
    .addOption(apiOption())
    .action((ids: string[], options: ApiOptions) =>
      run((context) => changeAll(ids, { action: 'retry', options }, context)),
    );
}

async function listJobs(
  { status, batch, limit, json, ...options }: JobsOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, stderr, styles } = context;
  const { client } = await openApi(options, context);
  const query = { status, batch };
  const found = [];
  for await (const job of listPages(client, '/v1/jobs', { schema: jobPageSchema, query, limit })) {
    if (json) stdout.write(`${JSON.stringify(job)}\n`);
    else found.push(job);
  }
  if (json) return 'ok';
  if (found.length === 0) stdout.write('There are none.\n');
  else stdout.write(`${formatJobTable(found, styles.out).join('\n')}\n`);
  if (found.length === limit)
    stderr.write(styles.err.quiet('There may be more: --limit, --status and --batch choose.\n'));
  return 'ok';
}

async function showJob(
  id: string,
  { wait, result, json, ...options }: JobOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, styles } = context;
  const { client } = await openApi(options, context);
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  if (wait) {
    const quiet = result === undefined ? context : { ...context, stdout: context.stderr };
    const awaited = [{ kind: 'job', job: { id } } as const];
    const outcome = await waitForAll(awaited, {
      client,
      json: json && result === undefined,
      context: quiet,
    });
    if (outcome === 'failed' || result === undefined) return outcome;
  }
  if (result !== undefined) {
    const response = await client.open(`${path}/result`, { query: { format: result } });
    stdout.write(await response.text());
    return 'ok';
  }
  const job = await client.request(path, jobViewSchema);
  stdout.write(
    `${json ? JSON.stringify(job, undefined, 2) : formatJob(job, styles.out).join('\n')}\n`,
  );
  return 'ok';
}

type Change = { action: 'cancel' | 'retry'; options: ApiOptions };

async function changeAll(
  ids: readonly string[],
  { action, options }: Change,
  context: CliContext,
): Promise<CommandResult> {
  const { stdout, stderr, styles } = context;
  const { client } = await openApi(options, context);
  let result: CommandResult = 'ok';
  for (const id of ids) {
    try {
      stdout.write(`${styles.out.good('✓')} ${await change(id, { action, client })}\n`);
    } catch (error) {
      const { code, message } = describeError(error);
      if (isCancellation(error) || code === 'API_UNAVAILABLE') throw error;
      result = 'failed';
      stderr.write(`${styles.err.bad('✗')} ${id}  ${code}: ${message}\n`);
    }
  }
  return result;
}

/** Ids tell what they are by their first letter. */
async function change(
  id: string,
  { action, client }: { action: Change['action']; client: ApiClient },
): Promise<string> {
  // Doing it again does no harm.
  const request = { method: 'POST', isIdempotent: true } as const;
  if (id.startsWith('b')) {
    const batch = await client.request(
      `/v1/batches/${encodeURIComponent(id)}/${action}`,
      batchViewSchema,
      request,
    );
    const { counts } = batch;
    return action === 'cancel'
      ? `Batch ${id} is cancelled: ${counts.done} of ${countItems(counts)} were done.`
      : `Batch ${id}: what failed is tried again (steno batches ${id} --wait).`;
  }
  const job = await client.request(
    `/v1/jobs/${encodeURIComponent(id)}/${action}`,
    jobViewSchema,
    request,
  );
  if (action === 'retry') return `Job ${id} is ${job.status} again (steno job ${id} --wait).`;
  return `Job ${id} is ${job.status}.`;
}
