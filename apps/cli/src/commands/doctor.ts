// `steno doctor`: is this machine fit to transcribe, and if not, what to do.

import { planLaneCount, readMachineLimits } from '@stenofleet/asr-core';
import { countModelBytes } from '@stenofleet/model-store';
import { type Command } from 'commander';
import { chooseModel } from '../choose-model.js';
import { type CliContext, type CommandResult, getModelsRoot } from '../context.js';
import { type Check } from '../doctor/check.js';
import { checkDataFolder } from '../doctor/check-data-folder.js';
import { checkInference } from '../doctor/check-inference.js';
import { checkCpu, describeMemory, describeThreads } from '../doctor/check-machine.js';
import { checkModels } from '../doctor/check-models.js';
import { checkNode, checkProgram } from '../doctor/check-programs.js';
import { checkSettings } from '../doctor/check-settings.js';
import { createApiClient } from '../fleet/api-client.js';
import { type ApiOptions, openApi } from '../fleet/open-api.js';
import { toPrintable } from '../terminal/format-quantities.js';
import { type Style } from '../terminal/style.js';
import { readRunningFleet } from '../up/fleet-state.js';
import { apiOption } from './api-option.js';

type DoctorOptions = ApiOptions & { full: boolean; fleet: boolean };

const LABEL_WIDTH = 12;
const FLEET_PATIENCE_MS = 10_000;

/** Declares `steno doctor`. */
export function declareDoctor(
  program: Command,
  run: (options: DoctorOptions) => Promise<void>,
): void {
  program
    .command('doctor')
    .summary('check this machine')
    .description('Checks whether this machine is fit to transcribe, and says what to do.')
    .option('--full', 'read every byte of the installed models', false)
    .option('--fleet', 'also the fleet: API, hosts, Redis, storage (where they are named)', false)
    .addOption(apiOption())
    .action(run);
}

/** Prints each check as soon as it is done. */
export async function diagnose(
  options: DoctorOptions,
  context: CliContext,
): Promise<CommandResult> {
  const { config, stdout, styles, signal } = context;
  const root = getModelsRoot(config);
  const checks: (() => Promise<Check[]>)[] = [
    () => Promise.resolve([checkNode()]),
    async () => [await checkProgram('ffmpeg'), await checkProgram('ffprobe')],
    async () => [await checkCpu()],
    () => checkLimits(config, root),
    async () => [await checkDataFolder(config.dataDir)],
    () => checkSettings(config.dataDir),
    () => checkModels(root, { isFull: options.full, signal }),
    async () => [await checkInference(root, signal)],
    ...(wantsFleet(options, config) ? [() => checkFleetFrom(options, context)] : []),
  ];
  const states = new Set<Check['state']>();
  for (const check of checks) {
    signal.throwIfAborted();
    for (const line of await check()) {
      states.add(line.state);
      stdout.write(`${formatCheck(line, styles.out)}\n`);
    }
  }
  const isBad = states.has('bad');
  const verdict = isBad
    ? styles.out.bad('Not ready: see the lines with ✗.')
    : states.has('warning')
      ? 'Ready, with remarks.'
      : styles.out.good('Ready.');
  stdout.write(`\n${verdict}\n`);
  return isBad ? 'failed' : 'ok';
}

function wantsFleet({ fleet, api }: DoctorOptions, { apiUrl, redisUrl }: CliContext['config']) {
  return fleet || api !== undefined || apiUrl !== undefined || redisUrl !== undefined;
}

async function checkFleetFrom(options: DoctorOptions, context: CliContext): Promise<Check[]> {
  const { config, signal, now } = context;
  // Only this check needs the queue's libraries.
  const { checkFleet } = await import('../doctor/check-fleet.js');
  const { url, key } = (await openApi(options, context)).client;
  const running = await readRunningFleet(config.dataDir);
  return checkFleet({
    client: createApiClient({ url, key, signal, maxTries: 1, answerMs: FLEET_PATIENCE_MS }),
    redisUrl: config.redisUrl ?? (running?.apiUrl === url ? running.redisUrl : undefined),
    environment: { ...config.environment, STENO_DATA_DIR: config.dataDir },
    nowMs: () => now().getTime(),
  });
}

async function checkLimits(config: CliContext['config'], root: string): Promise<Check[]> {
  const limits = await readMachineLimits();
  // For the model that a run would take; a damaged one has its own line.
  const model = await chooseModel(config, root).catch(() => undefined);
  const modelBytes = model ? countModelBytes(model) : 0;
  const lanes = config.lanes ?? planLaneCount({ ...limits, modelBytes });
  return [describeThreads(limits, lanes), describeMemory(limits)];
}

function formatCheck({ state, what, value, advice }: Check, style: Style): string {
  const mark = { ok: style.good('✓'), warning: style.warning('!'), bad: style.bad('✗') }[state];
  const line = `${mark} ${what.padEnd(LABEL_WIDTH)} ${toPrintable(value)}`;
  if (advice === undefined) return line;
  return `${line}\n  ${' '.repeat(LABEL_WIDTH)} ${style.quiet('→')} ${advice}`;
}
