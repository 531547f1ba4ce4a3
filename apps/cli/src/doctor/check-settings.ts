import { CliError } from '../cli-error.js';
import { readSettings } from '../settings.js';
import { type Check } from './check.js';

/** Whether `settings.json` can be used: a run refuses to start with one that cannot. No line where all is well. */
export async function checkSettings(dataDir: string): Promise<Check[]> {
  try {
    await readSettings(dataDir);
    return [];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const advice = 'Correct it, or remove it.';
    return [{ state: 'bad', what: 'settings', value: error.message, advice }];
  }
}
