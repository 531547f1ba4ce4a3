// `steno models`: what there is, what is installed, and the way from one to the other.

import { resolve } from 'node:path';
import {
  findInstalledModel,
  findKnownModel,
  importModel,
  listInstalledModels,
  listKnownModels,
  pullModel,
  removeModel,
  setSwitches,
  verifyModel,
} from '@stenofleet/model-store';
import { type Command, InvalidArgumentError } from 'commander';
import { type CliContext, type CommandResult, getModelsRoot } from '../context.js';
import { addSwitch, type GivenSwitches } from '../models/parse-switches.js';
import { type CheckOptions, runCheck } from '../models/run-check.js';
import { formatBytes, formatCount } from '../terminal/format-quantities.js';
import { formatModelInfo, formatModelList } from '../terminal/model-tables.js';
import { createTransferReporter } from '../terminal/transfer-reporter.js';

type TierOption = { tier?: string };
type ImportCommandOptions = {
  id?: string;
  languages?: string[];
  license?: string;
  maxSegmentSeconds?: number;
  tier?: string;
  otherWeights?: boolean;
};

type Run = (work: (context: CliContext) => Promise<CommandResult>) => Promise<void>;

/** Declares `steno models …`. */
export function declareModels(program: Command, run: Run): void {
  const models = program
    .command('models')
    .description('list, install, check and remove speech models');
  models
    .command('list')
    .description('what is installed and what can be')
    .action(() => run(listModels));
  models
    .command('info')
    .description('limits, languages, tiers, files and hashes of a model')
    .argument('<id>', 'model')
    .action((id: string) => run((context) => showModel(id, context)));
  models
    .command('pull')
    .description('install a model from its hub; goes on where a broken pull stopped')
    .argument('<id>', 'model')
    .option('-t, --tier <name>', "precision (default: the model's own choice)")
    .action((id: string, { tier }: TierOption) => run((context) => pull(id, tier, context)));
  models
    .command('verify')
    .description('read every byte of what is installed and compare it with its hash')
    .argument('[id]', 'model (default: all of them)')
    .option('-t, --tier <name>', 'only this tier')
    .action((id: string | undefined, { tier }: TierOption) =>
      run((context) => verify(id, tier, context)),
    );
  models
    .command('check')
    .description(
      'open a model, compare its graphs with their contract, and let it hear speech and silence',
    )
    .argument('<id>', 'model')
    .option('-t, --tier <name>', "precision (default: the model's own choice)")
    .option('--switch <name=value>', 'with this switch for once; may be repeated', addSwitch)
    .option('--against <tier>', 'compare its words with those of another tier of the model')
    .option('--force', 'accept the tier although it differs more than its manifest allows')
    .option('--json', 'what was found, as one line of JSON')
    .action((id: string, options: CheckOptions) =>
      run((context) => runCheck(id, options, context)),
    );
  models
    .command('set')
    .description('keep a switch of an installed model; without a value it goes back to its default')
    .argument('<id>', 'model')
    .argument('<name=value...>', 'switches', addSwitch)
    .option('-t, --tier <name>', 'only for this tier')
    .action((id: string, switches: GivenSwitches, { tier }: TierOption) =>
      run((context) => set(id, { switches, tier }, context)),
    );
  models
    .command('remove')
    .description('take a model, or one of its tiers, from the disk')
    .argument('<id>', 'model')
    .option('-t, --tier <name>', 'only this tier')
    .action((id: string, { tier }: TierOption) => run((context) => remove(id, tier, context)));
  models
    .command('import')
    .description('install a model from a folder on this machine')
    .argument('<folder>', 'folder with model.json, or with the files as their repository has them')
    .option('--id <id>', "name to give it (default: model.json's, or the folder's)")
    .option('--languages <codes>', 'languages it knows, such as en,de', (list) => list.split(','))
    .option('--license <name>', 'its licence')
    .option('-t, --tier <name>', 'only this tier, or the name for the only one there is')
    .option('--other-weights', 'not the published files of that model: mark them so')
    .option('--max-segment-seconds <seconds>', 'longest stretch for one pass', parseSeconds)
    .action((folder: string, options: ImportCommandOptions) =>
      run((context) => importFolder(folder, options, context)),
    );
}

async function listModels({ config, stdout, styles }: CliContext): Promise<CommandResult> {
  const installed = await listInstalledModels({ root: getModelsRoot(config) });
  const lines = formatModelList(installed, await listKnownModels(), styles.out);
  stdout.write(`${lines.join('\n')}\n`);
  return 'ok';
}

async function showModel(
  id: string,
  { config, stdout, styles }: CliContext,
): Promise<CommandResult> {
  const installed = await findInstalledModel(id, { root: getModelsRoot(config) });
  const known = await findKnownModel(id);
  const manifest = installed?.manifest ?? known;
  if (!manifest) throw await unknownModel(id, config);
  stdout.write(`${formatModelInfo({ manifest, known, installed }, styles.out).join('\n')}\n`);
  return 'ok';
}

async function pull(
  id: string,
  tier: string | undefined,
  { config, stdout, stderr, styles, signal }: CliContext,
): Promise<CommandResult> {
  const progress = createTransferReporter({ stderr, style: styles.err });
  const result = await pullModel(id, {
    root: getModelsRoot(config),
    tier,
    hubUrl: config.hubUrl,
    accessToken: config.hubToken,
    signal,
    onProgress: progress.update,
  }).finally(progress.close);
  const what = `${result.id} ${result.tier} (${formatBytes(result.bytes)})`;
  const how = result.alreadyInstalled ? 'is already installed' : 'is installed';
  stdout.write(`${styles.out.good('✓')} ${what} ${how}.\n`);
  stdout.write(`  steno transcribe --model ${result.id} --tier ${result.tier} <recordings>\n`);
  return 'ok';
}

async function verify(
  id: string | undefined,
  tier: string | undefined,
  { config, stdout, styles, signal }: CliContext,
): Promise<CommandResult> {
  const { good, bad, quiet } = styles.out;
  const root = getModelsRoot(config);
  const ids =
    id === undefined
      ? (await listInstalledModels({ root })).map(({ manifest }) => manifest.id)
      : [id];
  let damaged = 0;
  for (const model of ids) {
    const reports = await verifyModel(model, { root, tier, signal });
    const wrong = reports.filter(({ status }) => status !== 'ok');
    damaged += wrong.length;
    const bytes = reports.reduce((sum, { expected }) => sum + expected.bytes, 0);
    const facts = quiet(`${formatCount(reports.length, 'file')}, ${formatBytes(bytes)}`);
    stdout.write(`${wrong.length > 0 ? bad('✗') : good('✓')} ${model}  ${facts}\n`);
    for (const { path, status, tiers } of wrong) {
      stdout.write(`    ${path}: ${status.replace('-', ' ')} (tier ${tiers.join(', ')})\n`);
    }
    if (wrong.length > 0) {
      stdout.write(`  Install it again: steno models pull ${model}, or steno models import.\n`);
    }
  }
  return damaged > 0 ? 'failed' : 'ok';
}

async function set(
  id: string,
  { switches, tier }: { switches: GivenSwitches; tier: string | undefined },
  { config, stdout, styles }: CliContext,
): Promise<CommandResult> {
  const tiers = await setSwitches(id, { root: getModelsRoot(config), tier, switches });
  const names = Object.keys(switches).join(', ');
  stdout.write(`${styles.out.good('✓')} ${id} ${tiers.join(', ')}: ${names} kept.\n`);
  stdout.write(`  steno models check ${id} --tier ${tiers[0] ?? ''}\n`);
  return 'ok';
}

async function remove(
  id: string,
  tier: string | undefined,
  { config, stdout, styles }: CliContext,
): Promise<CommandResult> {
  await removeModel(id, { root: getModelsRoot(config), tier });
  const what = tier === undefined ? id : `${id} ${tier}`;
  stdout.write(`${styles.out.good('✓')} ${what} is removed.\n`);
  return 'ok';
}

async function importFolder(
  folder: string,
  options: ImportCommandOptions,
  { config, cwd, stdout, stderr, styles, signal }: CliContext,
): Promise<CommandResult> {
  const progress = createTransferReporter({ stderr, style: styles.err });
  const { id, tiers } = await importModel(resolve(cwd, folder), {
    ...options,
    root: getModelsRoot(config),
    signal,
    onProgress: progress.update,
  }).finally(progress.close);
  stdout.write(`${styles.out.good('✓')} ${id} is installed: ${tiers.join(', ')}.\n`);
  stdout.write(`  steno models check ${id} --tier ${tiers[0] ?? ''}\n`);
  stdout.write(`  steno transcribe --model ${id} <recordings>\n`);
  return 'ok';
}

/** The store knows best how to say it. */
async function unknownModel(id: string, config: CliContext['config']): Promise<Error> {
  return verifyModel(id, { root: getModelsRoot(config) }).then(
    () => new Error(`${id} came and went.`),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 90) return seconds;
  throw new InvalidArgumentError('It must be more than 0 and no more than 90.');
}
