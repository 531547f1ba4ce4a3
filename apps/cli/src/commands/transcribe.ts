import { resolve } from 'node:path';
import { AsrError, isModelFamily } from '@stenofleet/asr-core';
import { resolveBetterTier, type ResolvedModel } from '@stenofleet/model-store';
import { type TranscriptFormat, transcriptFormats } from '@stenofleet/transcript';
import { type Command, Option } from 'commander';
import { chooseModel } from '../choose-model.js';
import { type CliContext, type CommandResult, getModelsRoot } from '../context.js';
import { describeError } from '../describe-error.js';
import { readSettings } from '../settings.js';
import { createHumanReporter } from '../terminal/human-reporter.js';
import { createJsonReporter } from '../terminal/json-reporter.js';
import { type Channels } from '../transcribe/describe-transcript.js';
import { runTranscription } from '../transcribe/run-transcription.js';
import { parseFormats, parseLanguage, parseTrack } from './parse-options.js';
import { parseCount } from './parse-count.js';

const MAX_LANES = 256;

const EXAMPLES = `
Examples:
  steno transcribe talk.mp3
  steno transcribe archive/ --out transcripts --formats srt,vtt
  steno transcribe 'calls/**/*.wav' --channels separate
  steno transcribe https://example.org/episode-12.mp3`;

type TranscribeOptions = {
  model?: string;
  tier?: string;
  formats?: TranscriptFormat[];
  out?: string;
  channels: Channels;
  track?: number | string;
  language?: string;
  punctuation: boolean;
  itn: boolean;
  betterTier: boolean;
  lanes?: number;
  force: boolean;
  json: boolean;
};

/** Declares `steno transcribe`. */
export function declareTranscribe(
  program: Command,
  run: (inputs: string[], options: TranscribeOptions) => Promise<void>,
): void {
  program
    .command('transcribe')
    .summary('make transcripts and subtitles')
    .description(
      'Transcribes recordings: files, folders with everything below them, globs and http(s) addresses. Transcripts lie ' +
        'beside the recordings. What is done already is skipped; nothing that steno did not write is overwritten.',
    )
    .argument('<recordings...>', 'files, folders, globs or http(s) addresses')
    .option('-m, --model <id>', 'speech model, see "steno models list"')
    .option('-t, --tier <name>', "the model's precision, such as int8 or fp32")
    .option(
      '-f, --formats <list>',
      `what to write: ${transcriptFormats.join(',')} (default: all of them)`,
      parseFormats,
    )
    .option('-o, --out <folder>', 'where to write (default: beside each recording)')
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
    .option(
      '--lanes <count>',
      'threads that recognize (default: what CPU and memory allow)',
      parseCount(MAX_LANES),
    )
    .option('--force', 'transcribe again, and overwrite', false)
    .option('--json', 'print one JSON object per event on stdout', false)
    .addHelpText('after', EXAMPLES)
    .action(run);
}

export async function transcribe(
  inputs: readonly string[],
  options: TranscribeOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { config, cwd, signal, now } = context;
  const reporter = options.json ? createJsonReporter(context.stdout) : createHumanReporter(context);
  try {
    const settings = await readSettings(config.dataDir);
    const model = await chooseModel(
      {
        model: options.model ?? config.model ?? settings.model,
        // A tier without its model would be that of another.
        tier:
          options.tier ??
          (options.model === undefined ? (config.tier ?? settings.tier) : undefined),
      },
      getModelsRoot(config),
    );
    const language = chooseLanguage(model, options.language);
    const betterTier = options.betterTier
      ? await resolveBetterTier(model, { root: getModelsRoot(config) })
      : undefined;
    if (options.betterTier && !betterTier && !options.json) {
      const { id } = model.manifest;
      context.stderr.write(
        `${context.styles.err.warning('!')} ${id} has no better tier than ${model.tier} on this machine: --better-tier changes nothing.\n`,
      );
    }
    const summary = await runTranscription(
      {
        inputs,
        model,
        betterTier,
        formats: orderFormats(options.formats ?? settings.formats ?? transcriptFormats),
        outDir: options.out === undefined ? undefined : resolve(cwd, options.out),
        speech: {
          language,
          channels: options.channels,
          track: options.track,
          punctuation: options.punctuation,
          inverseTextNormalization: options.itn,
          betterTier: betterTier !== undefined,
        },
        lanes: options.lanes ?? config.lanes ?? settings.lanes,
        force: options.force,
      },
      { dataDir: config.dataDir, cwd, signal, now, reporter },
    );
    reporter.runFinished(summary);
    return summary.failures.length > 0 ? 'failed' : 'ok';
  } catch (error) {
    reporter.runFailed(describeError(error));
    throw error;
  } finally {
    reporter.close();
  }
}

/**
 * The language to name to the model: what it knows as `en` may be called `en-US`.
 * @throws AsrError at once what every recording would be refused for
 */
export function chooseLanguage(
  { manifest }: ResolvedModel,
  language: string | undefined,
): string | undefined {
  const { id, family, languages, languageRequired } = manifest;
  if (!isModelFamily(family)) {
    throw new AsrError(
      'MODEL_FAMILY_UNKNOWN',
      `${id} is of the family "${family}", which this version of steno cannot run.`,
    );
  }
  const known = languages.join(', ');
  if (language === undefined && languageRequired) {
    throw new AsrError(
      'LANGUAGE_REQUIRED',
      `${id} must be told the language (--language): ${known}.`,
    );
  }
  if (language === undefined) return undefined;
  if (languages.includes('und')) {
    throw new AsrError(
      'LANGUAGE_UNSUPPORTED',
      `What ${id} knows was not said when it was imported: leave --language out, or import it again with --languages ${language}.`,
    );
  }
  const accepted = [language, new Intl.Locale(language).language].find((code) =>
    languages.includes(code),
  );
  if (accepted !== undefined) return accepted;
  throw new AsrError(
    'LANGUAGE_UNSUPPORTED',
    `${id} does not know the language "${language}"; it knows ${known}.`,
  );
}

/** JSON last: where it lies, everything else does. */
function orderFormats(formats: readonly TranscriptFormat[]): TranscriptFormat[] {
  return [...new Set(formats)].sort((a, b) => Number(a === 'json') - Number(b === 'json'));
}
