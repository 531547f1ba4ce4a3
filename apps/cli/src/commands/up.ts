// `steno up`: a whole fleet on this machine.

import { planLaneCount, readMachineLimits } from '@stenofleet/asr-core';
import { type Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { type CliContext, type CommandResult } from '../context.js';
import { readStenoVersion } from '../read-versions.js';
import { formatFleetStart, formatJobNews } from '../terminal/fleet-lines.js';
import { type FleetReporter } from '../up/run-fleet.js';
import { parseCount } from './parse-count.js';
import { addToList } from './parse-options.js';

type UpOptions = {
  host: string;
  port: number;
  dataDir?: string;
  root?: string[];
  redis?: string;
  models?: string;
  lanes?: number;
  workers: number;
};

const EXAMPLES = `
Examples:
  steno up
  steno up --root /archive --models parakeet-tdt-0.6b-v3
  steno up --port 0 --data-dir trial`;

/** Declares `steno up`. */
export function declareUp(program: Command, run: (options: UpOptions) => Promise<void>): void {
  program
    .command('up')
    .summary('run a fleet on this machine: queue, API and workers')
    .description(
      'Runs a whole fleet on this machine until Ctrl-C: redis-server (unless REDIS_URL or --redis names one), the API and ' +
        'the workers. What was accepted is kept in the data folder and goes on with the next "steno up".',
    )
    .option(
      '--host <address>',
      'where the API listens; beyond this machine, keys are needed',
      '127.0.0.1',
    )
    .option('-p, --port <number>', 'port of the API; 0 for any free one', parsePort, 8080)
    .option('--data-dir <folder>', 'models, queue, results and logs (default: STENO_DATA_DIR)')
    .option(
      '--root <folder>',
      'recordings below it are read where they lie; may be repeated (default: the current folder)',
      addToList,
    )
    .option('--redis <address>', 'use this Redis instead of starting one')
    .option(
      '--models <list>',
      'what to serve, such as demo-en,parakeet-tdt-0.6b-v3:int8 (default: all installed)',
    )
    .option('--lanes <count>', 'threads that recognize, for each worker', parseCount(256))
    .option('-w, --workers <count>', 'worker processes', parseCount(64), 1)
    .addHelpText('after', EXAMPLES)
    .action(run);
}

export async function up(options: UpOptions, context: CliContext): Promise<CommandResult> {
  const { config, cwd, signal, allowGoodbye, stdout, stderr, styles, now } = context;
  // Only this command needs the queue's libraries.
  const [{ runFleet }, { followJobs }] = await Promise.all([
    import('../up/run-fleet.js'),
    import('../up/follow-jobs.js'),
  ]);
  const say = (line: string) => void stdout.write(`${line}\n`);
  const reporter: FleetReporter = {
    starting: (what) => say(styles.out.quiet(`${what} …`)),
    started: (fleet) => formatFleetStart(fleet, styles.out).forEach(say),
    trouble: (text, details = []) => {
      stderr.write(`${styles.err.warning('!')} ${text}\n`);
      for (const line of details) stderr.write(styles.err.quiet(`    ${line}\n`));
    },
    back: (what) => say(`${styles.out.good('✓')} ${what} is back.`),
    stopping: (what) => say(styles.out.quiet(`${what} …`)),
  };
  const { workers } = options;
  say(styles.out.strong(`Stenofleet ${readStenoVersion()}`));
  await runFleet(
    {
      dataDir: options.dataDir === undefined ? config.dataDir : resolve(cwd, options.dataDir),
      host: options.host,
      port: options.port,
      redisUrl: options.redis ?? config.redisUrl,
      models: options.models,
      lanes: options.lanes ?? config.lanes ?? (await shareLanes(workers)),
      workers,
      roots: options.root?.map((root) => resolve(cwd, root)),
      cwd,
      environment: config.environment,
    },
    {
      signal,
      reporter,
      allowGoodbye,
      accompany: (fleet, running) =>
        followJobs(fleet, {
          signal: running,
          onNews: (news) => formatJobNews(news, { time: now(), style: styles.out }).forEach(say),
        }),
    },
  );
  say('All of it has ended.');
  return 'ok';
}

/** One worker plans for itself, with what its model needs; several must share the cores. */
async function shareLanes(workers: number): Promise<number | undefined> {
  if (workers === 1) return undefined;
  const { cpus, memoryBytes } = await readMachineLimits();
  const lanes = planLaneCount({ cpus, memoryBytes, modelBytes: 0 });
  return Math.max(1, Math.floor(lanes / workers));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, or 0 for any free one.');
}
