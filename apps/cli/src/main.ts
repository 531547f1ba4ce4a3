// The steno command: command table, exit codes, signals.
//
//     0 all is well · 1 something failed · 2 the command, its options or settings are wrong · 130 interrupted
//     141 whoever read the output went away

import { Command, CommanderError } from 'commander';
import { type CliConfig, readConfig } from './config.js';
import { type CliContext, type CommandResult } from './context.js';
import { batches, declareBatches } from './commands/batches.js';
import { declareDoctor, diagnose } from './commands/doctor.js';
import { declareHosts, hosts } from './commands/hosts.js';
import { declareJobs } from './commands/jobs.js';
import { declareKeys } from './commands/keys.js';
import { declareModels } from './commands/models.js';
import { declareSubmit, submit } from './commands/submit.js';
import { declareTranscribe, transcribe } from './commands/transcribe.js';
import { declareUp, up } from './commands/up.js';
import { describeUsageError } from './describe-usage-error.js';
import {
  describeError,
  getSystemErrorCode,
  isCancellation,
  isUsageError,
} from './describe-error.js';
import { readStenoVersion } from './read-versions.js';
import { createStyle } from './terminal/style.js';

const EXIT_CODES: Record<CommandResult | 'usage', number> = { ok: 0, failed: 1, usage: 2 };
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** As of a command that SIGPIPE has ended. */
const BROKEN_PIPE = 141;
/** Whoever presses Ctrl-C has his prompt back within 2 s, come what may. */
const LONGEST_GOODBYE_MS = 1_700;

process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  // `… | head` closes our output: there is nobody left to tell. Not 0, for a transcription may be half done.
  process.stdout.on('error', (error: Error) => {
    if (getSystemErrorCode(error) === 'EPIPE') process.exit(BROKEN_PIPE);
    process.stderr.write(
      `OUTPUT_UNWRITABLE: standard output cannot be written: ${error.message}\n`,
    );
    process.exit(EXIT_CODES.failed);
  });
  const interruption = listenForSignals();
  let config: CliConfig | undefined;
  try {
    config = readConfig();
    const context = createContext(config, interruption);
    const result = await runCommand(argv, context);
    return interruption.getExitCode() ?? EXIT_CODES[result];
  } catch (error) {
    const interrupted = interruption.getExitCode();
    if (interrupted !== undefined && isCancellation(error)) return interrupted;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    const { code, message } = describeError(error);
    process.stderr.write(`${code}: ${message}\n`);
    if (config?.debug) console.error(error);
    return interrupted ?? EXIT_CODES[isUsageError(error) ? 'usage' : 'failed'];
  }
}

function createContext(
  config: CliConfig,
  { signal, allowGoodbye }: Pick<CliContext, 'signal' | 'allowGoodbye'>,
): CliContext {
  const { stdout, stderr } = process;
  return {
    config,
    cwd: process.cwd(),
    stdout,
    stderr,
    styles: {
      out: createStyle(config.color && stdout.isTTY),
      err: createStyle(config.color && stderr.isTTY),
    },
    signal,
    allowGoodbye,
    now: () => new Date(),
  };
}

/** The first signal asks everything to stop, the second does not ask. */
function listenForSignals() {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let goodbyeMs = LONGEST_GOODBYE_MS;
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(name, () => {
      exitCode = SIGNALS[name];
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort();
      setTimeout(() => process.exit(exitCode), goodbyeMs).unref();
    });
  }
  return {
    signal: controller.signal,
    allowGoodbye: (ms: number) => void (goodbyeMs = ms),
    getExitCode: () => exitCode,
  };
}

async function runCommand(argv: readonly string[], context: CliContext): Promise<CommandResult> {
  let result: CommandResult = 'ok';
  const program = new Command('steno')
    .description(
      'Transcribes recordings, on this machine or with a fleet: text, true word times, subtitles.',
    )
    .version(readStenoVersion(), '-V, --version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => write(describeUsageError(text)),
    });
  declareTranscribe(program, async (inputs, options) => {
    result = await transcribe(inputs, options, context);
  });
  const run = async (work: (context: CliContext) => Promise<CommandResult>) => {
    result = await work(context);
  };
  declareModels(program, run);
  declareUp(program, (options) => run(() => up(options, context)));
  declareSubmit(program, (inputs, options) => run(() => submit(inputs, options, context)));
  declareJobs(program, run);
  declareBatches(program, (id, options) => run(() => batches(id, options, context)));
  declareHosts(program, (options) => run(() => hosts(options, context)));
  declareKeys(program, run);
  declareDoctor(program, async (options) => {
    result = await diagnose(options, context);
  });
  await program.parseAsync(argv);
  return result;
}
