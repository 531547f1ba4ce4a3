// `steno submit`: recordings to the fleet, as one job or a batch; with --wait, until they are done.

import { join, resolve } from 'node:path';
import { type TranscriptFormat, transcriptFormats } from '@stenofleet/transcript';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type CliContext, type CommandResult } from '../context.js';
import { describeError, isCancellation } from '../describe-error.js';
import { CliError } from '../cli-error.js';
import { findUnserved, type WantedModel } from '../fleet/find-unserved.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { planSubmission } from '../fleet/plan-submission.js';
import {
  type Submission,
  type Submitted,
  type SubmitOptions,
  submitPlan,
} from '../fleet/submit-batches.js';
import { readSettings } from '../settings.js';
import { formatCount, toPrintable } from '../terminal/format-quantities.js';
import { createTransferReporter } from '../terminal/transfer-reporter.js';
import { diskTree } from '../transcribe/file-tree.js';
import { type InputProblem } from '../transcribe/find-recordings.js';
import { requireWritable } from '../transcribe/require-writable.js';
import { getFleetFolder } from '../up/fleet-state.js';
import { apiOption } from './api-option.js';
import { addToList, parseFormats, parseLanguage, parseTrack } from './parse-options.js';
import { waitForAll } from './wait-for-all.js';

const PRIORITIES = ['urgent', 'normal', 'bulk'] as const;

const EXAMPLES = `
Examples:
  steno submit talk.mp3 --wait --out transcripts
  steno submit archive/ --wait --out transcripts --name "Archive 1998"
  steno submit s3://archive/2024/ --include '**/*.mp3' --priority bulk
  steno submit recordings.csv --output s3://archive/transcripts`;

type SubmitCommandOptions = ApiOptions & {
  model?: string;
  tier?: string;
  formats?: TranscriptFormat[];
  channels: 'mix' | 'separate';
  track?: number | string;
  language?: string;
  punctuation: boolean;
  itn: boolean;
  betterTier: boolean;
  priority?: (typeof PRIORITIES)[number];
  partial: boolean;
  name?: string;
  output?: string;
  overwrite: boolean;
  metadata?: Record<string, string>;
  webhook?: string;
  idempotencyKey?: string;
  include?: string[];
  exclude?: string[];
  wait: boolean;
  out?: string;
  force: boolean;
  json: boolean;
};

/** Declares `steno submit`. */
export function declareSubmit(
  program: Command,
  run: (inputs: string[], options: SubmitCommandOptions) => Promise<void>,
): void {
  program
    .command('submit')
    .summary('give recordings to the fleet')
    .description(
      'Gives recordings to the fleet: files, folders, globs, http(s), s3 and file addresses, prefixes (ending in /) and ' +
        'manifests (.jsonl, .csv). The same command again goes on with what it has submitted and makes nothing twice.',
    )
    .argument('<recordings...>', 'files, folders, globs, addresses, prefixes or manifests')
    .option('-m, --model <id>', "speech model (default: the fleet's)")
    .option('-t, --tier <name>', "the model's precision, such as int8 or fp32")
    .option(
      '-f, --formats <list>',
      `what to write: ${transcriptFormats.join(',')} (default: all of them)`,
      parseFormats,
    )
    .addOption(
      new Option('--channels <how>', 'mix the channels, or hear each on its own')
        .choices(['mix', 'separate'])
        .default('mix'),
    )
    .option(
      '--track <which>',
      'audio track: its number (0 is the first) or its language',
      parseTrack,
    )
    .option('-l, --language <code>', 'the language spoken, such as en', parseLanguage)
    .option('--no-punctuation', 'leave out punctuation and case, where the model can')
    .option('--itn', 'numbers as they are written, where the model has the choice', false)
    .option('--better-tier', 'hear what is doubtful again in the next better tier', false)
    .addOption(
      new Option('--priority <which>', 'what goes first (default: normal)').choices(PRIORITIES),
    )
    .option(
      '--partial',
      'publish what could be transcribed, gaps marked, where a part fails',
      false,
    )
    .option('-n, --name <text>', 'name of the batch')
    .option(
      '--output <address>',
      's3 or file prefix where the fleet publishes (default: its storage)',
    )
    .option('--overwrite', 'replace results of others at that place', false)
    .option('--metadata <key=value>', 'echoed back with each job; may be repeated', parseMetadata)
    .option('--webhook <address>', 'told when the job or batch ends')
    .option('--idempotency-key <key>', 'your own name for this submission')
    .option('--include <pattern>', 'of a prefix, only what matches; may be repeated', addToList)
    .option('--exclude <pattern>', 'of a prefix, not what matches; may be repeated', addToList)
    .option('-w, --wait', 'show how it goes until all is done', false)
    .option('-o, --out <folder>', 'with --wait: download the results into it')
    .option('--force', 'with --out: overwrite files that are in the way', false)
    .addOption(apiOption())
    .option('--json', 'print one JSON object per event on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(run);
}

export async function submit(
  inputs: readonly string[],
  options: SubmitCommandOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { config, cwd, signal, now, stdout, stderr, styles } = context;
  if (options.out !== undefined && !options.wait) {
    throw new CliError('OPTION_INVALID', '--out downloads results and needs --wait.');
  }
  const outDir = options.out === undefined ? undefined : resolve(cwd, options.out);
  if (outDir !== undefined) await requireWritable(outDir);
  const { client, sourceRoots } = await openApi(options, context);
  const plan = await planSubmission(inputs, { tree: diskTree, cwd });
  const tellProblem = ({ shown, error }: InputProblem) => {
    const { code, message } = describeError(error);
    if (options.json) writeJson(stdout, { event: 'failed', recording: shown, code, message });
    else stderr.write(`${styles.err.bad('✗')} ${code}: ${toPrintable(message)}\n`);
  };
  plan.problems.forEach(tellProblem);
  const transfer = createTransferReporter({ stderr, style: styles.err });
  const submitOptions = await collectOptions(options, context);
  const submission = await submitPlan(plan, submitOptions, {
    client,
    sourceRoots,
    folder: join(getFleetFolder(config.dataDir), 'client'),
    cwd,
    signal,
    now,
    onUpload: transfer.update,
  }).finally(transfer.close);
  submission.problems.forEach(tellProblem);
  for (const submitted of submission.submitted)
    announce(submitted, { options, submission, context });
  if (!options.json) {
    const { model, tier } = submitOptions.job;
    const wanted = submission.submitted.flatMap<WantedModel>((one) =>
      one.kind === 'job'
        ? one.job.status === 'queued'
          ? [one.job]
          : []
        : model === undefined
          ? []
          : [{ model, tier }],
    );
    for (const name of await findUnserved(wanted, client)) {
      stderr.write(
        `${styles.err.warning('!')} No host serves ${name}: what needs it waits. See steno models pull, and STENO_MODELS of the workers.\n`,
      );
    }
  }
  const hasProblems = plan.problems.length + submission.problems.length > 0;
  if (!options.wait) return hasProblems ? 'failed' : 'ok';
  try {
    const result = await waitForAll(submission.submitted, {
      client,
      json: options.json,
      context,
      download: outDir === undefined ? undefined : { outDir, force: options.force },
      recordings: submission.recordings,
      prefixes: plan.prefixes,
    });
    return hasProblems ? 'failed' : result;
  } catch (error) {
    if (isCancellation(error) && !options.json) sayHowToGoOn(submission, context);
    throw error;
  }
}

async function collectOptions(
  options: SubmitCommandOptions,
  { config }: CliContext,
): Promise<SubmitOptions> {
  const settings = await readSettings(config.dataDir);
  const model = options.model ?? config.model ?? settings.model;
  // A tier without its model would be that of another.
  const tier =
    options.tier ?? (options.model === undefined ? (config.tier ?? settings.tier) : undefined);
  const formats = options.formats ?? settings.formats;
  const { language, track, priority, output, overwrite, metadata, channels, partial } = options;
  const { punctuation, itn, betterTier } = options;
  return {
    job: {
      channels,
      ...(model !== undefined && { model }),
      ...(tier !== undefined && { tier }),
      ...(formats !== undefined && { formats }),
      ...(language !== undefined && { language }),
      ...(track !== undefined && { track }),
      ...(priority !== undefined && { priority }),
      ...(!punctuation && { punctuation }),
      ...(itn && { inverseTextNormalization: true }),
      ...(betterTier && { betterTier }),
      ...(partial && { partial }),
      ...(metadata !== undefined && { metadata }),
      ...((output !== undefined || overwrite) && {
        output: { ...(output !== undefined && { prefix: output }), overwrite },
      }),
    },
    name: options.name,
    idempotencyKey: options.idempotencyKey,
    webhook: options.webhook,
    include: options.include,
    exclude: options.exclude,
  };
}

function announce(
  submitted: Submitted,
  {
    options,
    submission,
    context,
  }: { options: SubmitCommandOptions; submission: Submission; context: CliContext },
): void {
  const { stdout, styles } = context;
  const style = styles.out;
  const { isOld, kind } = submitted;
  const { id } = kind === 'job' ? submitted.job : submitted.batch;
  if (options.json) {
    const view = kind === 'job' ? { job: submitted.job } : { batch: submitted.batch };
    writeJson(stdout, { event: 'submitted', kind, id, known: isOld, ...view });
    return;
  }
  const uploaded = submission.uploads > 0 ? `, ${submission.uploads} uploaded` : '';
  const what =
    kind === 'job'
      ? `Job ${style.strong(id)}: ${toPrintable(submitted.shown)}`
      : `Batch ${style.strong(id)}: ${submitted.items === undefined ? toPrintable(submitted.shown) : formatCount(submitted.items, 'recording')}`;
  const state = isOld ? ', submitted before' : ' submitted';
  stdout.write(`${style.good('✓')} ${what}${state}${uploaded}.\n`);
  if (
    kind === 'job' &&
    (submitted.job.status === 'failed' || submitted.job.status === 'cancelled')
  ) {
    const { status, error } = submitted.job;
    const why = error ? ` (${error.code})` : '';
    stdout.write(`  It was ${status} before${why}, and stays so: steno retry ${id}\n`);
    return;
  }
  if (options.wait) return;
  const follow = kind === 'job' ? `steno job ${id} --wait` : `steno batches ${id} --wait`;
  stdout.write(`  ${follow}\n`);
}

function sayHowToGoOn({ submitted }: Submission, { stderr }: CliContext): void {
  const commands = submitted.map((one) =>
    one.kind === 'job' ? `steno job ${one.job.id} --wait` : `steno batches ${one.batch.id} --wait`,
  );
  stderr.write(
    `\nNobody waits any more, but the fleet goes on. The same command again goes on waiting, and so does:\n${commands.map((command) => `  ${command}\n`).join('')}`,
  );
  const ids = submitted.map((one) => (one.kind === 'job' ? one.job.id : one.batch.id));
  stderr.write(`To end the work itself: steno cancel ${ids.join(' ')}\n`);
}

function writeJson(stdout: NodeJS.WritableStream, event: object): void {
  stdout.write(`${JSON.stringify(event)}\n`);
}

function parseMetadata(text: string, others: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be key=value.');
  }
  return { ...others, [key]: value };
}
