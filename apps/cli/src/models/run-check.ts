import {
  findInstalledModel,
  recordParityCheck,
  resolveModel,
  type ResolvedModel,
} from '@stenofleet/model-store';
import { CliError } from '../cli-error.js';
import { type CliContext, type CommandResult, getModelsRoot } from '../context.js';
import { checkModel, type Comparison } from './check-model.js';
import { describeCheck, formatShare } from './describe-check.js';
import { type GivenSwitches } from './parse-switches.js';

export type CheckOptions = {
  tier?: string;
  switch?: GivenSwitches;
  against?: string;
  force?: boolean;
  json?: boolean;
};

/** The command: checks, shows what was found, and keeps the comparison with another tier in the installed manifest. */
export async function runCheck(
  id: string,
  options: CheckOptions,
  { config, stdout, stderr, styles, signal }: CliContext,
): Promise<CommandResult> {
  const { tier, force = false, json = false } = options;
  const root = getModelsRoot(config);
  const resolve = (name: string | undefined) =>
    resolveModel(id, { root, tier: name, acceptRefused: true });
  const model = await resolve(tier);
  const against = options.against ?? (await findReference(model, root));
  if (force && against === undefined) {
    throw new CliError(
      'OPTION_INVALID',
      '--force accepts a comparison: name a tier with --against.',
    );
  }
  const { switch: switches = {} } = options;
  const other = against === undefined ? undefined : await resolve(against);
  const report = await checkModel({ model, switches, against: other }, signal);
  const { comparison } = report;
  const isRefused = comparison !== undefined && isBeyondBudget(comparison) && !force;
  // With other switches it is an experiment, which says nothing of the tier as it is installed.
  const isOfTier = Object.keys(switches).length === 0;
  const lines = json ? [JSON.stringify(report)] : describeCheck(report, styles.out);
  stdout.write(`${lines.join('\n')}\n`);
  if (comparison?.maxWordErrorRate !== undefined && isOfTier) {
    const { wordErrorRate, maxWordErrorRate } = comparison;
    const parityCheck = {
      against: comparison.against,
      wordErrorRate,
      maxWordErrorRate,
      forced: force && isBeyondBudget(comparison),
    };
    await recordParityCheck(id, { root, tier: model.tier, parityCheck });
  }
  if (isRefused) {
    const kept = isOfTier ? ' It is not used until a check accepts it, or --force does.' : '';
    stderr.write(
      `${styles.err.bad('✗')} ${id} ${model.tier} differs in more than ${formatShare(comparison.maxWordErrorRate ?? 0)} of the words.${kept}\n`,
    );
  }
  return report.opened === undefined || isRefused ? 'failed' : 'ok';
}

/** The tier that the manifest compares this one with, where it is installed. */
async function findReference(
  { manifest, tier }: ResolvedModel,
  root: string,
): Promise<string | undefined> {
  const reference = manifest.tiers[tier]?.parity?.reference;
  const installed = await findInstalledModel(manifest.id, { root });
  const isUsable = installed?.tiers.some((state) => state.tier === reference && state.isUsable);
  return isUsable ? reference : undefined;
}

function isBeyondBudget({ wordErrorRate, maxWordErrorRate }: Comparison): boolean {
  return maxWordErrorRate !== undefined && wordErrorRate > maxWordErrorRate;
}
