import { type InstalledModel, listInstalledModels, verifyModel } from '@stenofleet/model-store';
import { RECOMMENDED_MODEL } from '../choose-model.js';
import { describeError } from '../describe-error.js';
import { formatBytes } from '../terminal/format-quantities.js';
import { type Check } from './check.js';

/** One line for each installed tier; with `isFull`, every byte is read. */
export async function checkModels(
  root: string,
  { isFull, signal }: { isFull: boolean; signal: AbortSignal },
): Promise<Check[]> {
  try {
    const models = await listInstalledModels({ root });
    const lines = await Promise.all(
      models.map((model) => checkModel(model, { root, isFull, signal })),
    );
    return [...lines.flat(), ...adviseModel(models)];
  } catch (error) {
    const { message } = describeError(error);
    const advice = 'Remove what is named there, then pull or import the model again.';
    return [{ state: 'bad', what: 'models', value: message, advice }];
  }
}

async function checkModel(
  { manifest, tiers }: InstalledModel,
  { root, isFull, signal }: { root: string; isFull: boolean; signal: AbortSignal },
): Promise<Check[]> {
  const reports = isFull ? await verifyModel(manifest.id, { root, signal }) : [];
  return tiers.map(({ tier, bytes, damagedFiles, isRefused }) => {
    const wrong = isFull
      ? reports.filter((file) => file.tiers.includes(tier) && file.status !== 'ok')
      : damagedFiles;
    const what = 'model';
    const value = `${manifest.id} ${tier}, ${formatBytes(bytes)}`;
    if (isRefused) {
      const advice = `steno models check ${manifest.id} --tier ${tier} says more.`;
      return { state: 'warning', what, value: `${value}, refused by its check`, advice };
    }
    if (wrong.length === 0) {
      return { state: 'ok', what, value: `${value}, ${isFull ? 'every byte read' : 'complete'}` };
    }
    const advice = `steno models pull ${manifest.id} --tier ${tier}, or import it again.`;
    return { state: 'bad', what, value: `${value}, damaged`, advice };
  });
}

function adviseModel(models: readonly InstalledModel[]): Check[] {
  if (models.some(({ manifest }) => !manifest.demo)) return [];
  const advice = `For real work: steno models pull ${RECOMMENDED_MODEL}`;
  return [{ state: 'warning', what: 'models', value: 'only the demo model', advice }];
}
