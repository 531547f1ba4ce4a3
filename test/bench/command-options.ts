import { fileURLToPath } from 'node:url';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The repository's root, seen from the built file (`test/dist/bench`). */
const REPOSITORY_URL = new URL('../../../', import.meta.url);

export type DataFolders = { data: string; models: string; examples: string };

/** Where recordings and models lie. @defaultValue `../shared/data` beside the repository */
export function resolveFolders({
  data = fileURLToPath(new URL('../shared/data', REPOSITORY_URL)),
  models,
}: {
  data?: string | undefined;
  models?: string | undefined;
}): DataFolders {
  return {
    data: resolve(data),
    models: resolve(models ?? join(data, 'models')),
    examples: fileURLToPath(new URL('examples', REPOSITORY_URL)),
  };
}

/** What is not there of the folders a measurement needs, as a sentence; undefined if all is. */
export async function explainMissing({ data, models }: DataFolders): Promise<string | undefined> {
  const needed = [join(data, 'audio', 'manifest.json'), join(data, 'oracle'), models];
  for (const path of needed) {
    try {
      await access(path);
    } catch {
      return `skipped: ${path} is not there. Recordings and models lie outside the repository; give their folders with --data and --models.`;
    }
  }
  return undefined;
}
