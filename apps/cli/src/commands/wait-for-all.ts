// Waits for jobs and batches, one after the other, shows how they go, and fetches their results.

import { type BatchView, type JobView } from '@stenofleet/shared/job';
import { type CliContext, type CommandResult } from '../context.js';
import { describeError, isCancellation } from '../describe-error.js';
import { type ApiClient } from '../fleet/api-client.js';
import { jobPageSchema } from '../fleet/api-schemas.js';
import { createDownloads, type Downloads } from '../fleet/download-results.js';
import { listPages } from '../fleet/list-pages.js';
import { createResultNames, type SubmittedRecording } from '../fleet/submit-batches.js';
import { watchBatch, watchJob } from '../fleet/watch.js';
import { formatBatchSummary, hasFailures } from '../terminal/job-lines.js';
import { formatCount } from '../terminal/format-quantities.js';
import { createJsonWatchReporter, createWatchReporter } from '../terminal/watch-reporter.js';

export type Awaited =
  { kind: 'job'; job: Pick<JobView, 'id'> } | { kind: 'batch'; batch: Pick<BatchView, 'id'> };

export type WaitOptions = {
  client: ApiClient;
  json: boolean;
  context: CliContext;
  download?: { outDir: string; force: boolean } | undefined;
  recordings?: readonly SubmittedRecording[];
  prefixes?: string[];
};

/** @throws AsrError `CANCELLED` after Ctrl-C, ApiError */
export async function waitForAll(
  awaited: readonly Awaited[],
  options: WaitOptions,
): Promise<CommandResult> {
  let result: CommandResult = 'ok';
  for (const one of awaited) {
    const isGood =
      one.kind === 'job'
        ? await waitForJob(one.job.id, options)
        : await waitForBatch(one.batch.id, options);
    if (!isGood) result = 'failed';
  }
  return result;
}

async function waitForJob(id: string, options: WaitOptions): Promise<boolean> {
  const { client, json, context } = options;
  const { signal, stdout } = context;
  const observer = json ? createJsonWatchReporter(stdout) : createWatchReporter(context);
  const job = await watchJob(id, { client, signal, observer }).finally(() => observer.close());
  const downloads = openDownloads(options);
  const problems = downloads ? await downloadAll(toAsync([job]), { downloads, options }) : 0;
  return (job.status === 'done' || job.status === 'partial') && problems === 0;
}

async function waitForBatch(id: string, options: WaitOptions): Promise<boolean> {
  const { client, json, context } = options;
  const { signal, stdout, styles } = context;
  const observer = json ? createJsonWatchReporter(stdout) : createWatchReporter(context);
  const batch = await watchBatch(id, { client, signal, observer }).finally(() => observer.close());
  const downloads = openDownloads(options);
  const jobs = listPages(client, `/v1/batches/${id}/jobs`, { schema: jobPageSchema });
  const problems = downloads ? await downloadAll(jobs, { downloads, options }) : 0;
  if (json) {
    stdout.write(`${JSON.stringify({ event: 'summary', batch, downloadFailures: problems })}\n`);
  } else {
    stdout.write(`\n${formatBatchSummary(batch, styles.out).join('\n')}\n`);
    const commands = [
      ...(batch.counts.refused > 0 ? [`steno batches ${id} --report csv`] : []),
      ...(batch.counts.failed > 0
        ? [`steno jobs --batch ${id} --status failed`, `steno retry ${id}`]
        : []),
      ...(downloads === undefined && batch.counts.done + batch.counts.partial > 0
        ? [`steno batches ${id} --wait --out <folder>`]
        : []),
    ];
    for (const command of commands) stdout.write(`  ${command}\n`);
  }
  return !hasFailures(batch) && problems === 0;
}

function openDownloads({
  client,
  download,
  recordings = [],
  prefixes = [],
}: WaitOptions): Downloads | undefined {
  if (download === undefined) return undefined;
  const namesOf = createResultNames({ recordings, prefixes });
  return createDownloads({ client, ...download, namesOf });
}

/** Answers how many could not be fetched. */
async function downloadAll(
  jobs: AsyncIterable<JobView>,
  { downloads, options }: { downloads: Downloads; options: WaitOptions },
): Promise<number> {
  const { stdout, stderr, styles, signal } = options.context;
  let [fetched, failed] = [0, 0];
  for await (const job of jobs) {
    if (job.result === undefined || (job.status !== 'done' && job.status !== 'partial')) continue;
    try {
      const paths = await downloads.fetch(job);
      fetched += 1;
      if (options.json) {
        stdout.write(`${JSON.stringify({ event: 'downloaded', job: job.id, outputs: paths })}\n`);
      }
    } catch (error) {
      if (signal.aborted || isCancellation(error)) throw error;
      failed += 1;
      const { code, message } = describeError(error);
      stderr.write(`${styles.err.bad('✗')} ${job.source.name}  ${code}: ${message}\n`);
    }
  }
  if (!options.json && fetched > 0) {
    stdout.write(
      `${styles.out.good('✓')} Results are in ${options.download?.outDir ?? ''} (${formatCount(fetched, 'recording')}).\n`,
    );
  }
  return failed;
}

async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* await Promise.resolve(items);
}
