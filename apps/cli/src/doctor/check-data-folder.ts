import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../terminal/format-quantities.js';
import { type Check } from './check.js';

const SCARCE_DISK_BYTES = 3e9;

/** Whether models can be kept there, and how much room there is. */
export async function checkDataFolder(dataDir: string): Promise<Check> {
  const what = 'data folder';
  const probe = join(dataDir, `.doctor-${process.pid}`);
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(probe, '');
  } catch {
    const advice = 'Make it writable, or set STENO_DATA_DIR to a folder that is.';
    return { state: 'bad', what, value: `${dataDir}, not writable`, advice };
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const value = `${dataDir}, ${formatBytes(free)} free`;
  if (free >= SCARCE_DISK_BYTES) return { state: 'ok', what, value };
  const advice =
    'A model takes up to 3 GB: free some space, or set STENO_DATA_DIR to a larger disk.';
  return { state: 'warning', what, value, advice };
}
