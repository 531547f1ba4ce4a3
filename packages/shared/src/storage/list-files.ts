import { CodedError } from '../errors/index.js';
import { toFileInfo } from './file-info.js';
import { type FileFacts, type FilePaths } from './file-paths.js';
import { type ObjectInfo } from './object-store.js';

const MAX_AT_ONCE = 16;

/** Facts of the first `limit` keys whose files are there. */
export async function listFiles(
  keys: AsyncGenerator<string>,
  { limit, paths }: { limit: number; paths: FilePaths },
): Promise<ObjectInfo[]> {
  const page: ObjectInfo[] = [];
  const addAll = async (batch: string[]) => {
    const found = await Promise.all(batch.map((key) => statListed(key, paths)));
    for (const [index, facts] of found.entries()) {
      if (facts !== undefined) page.push(toFileInfo(batch[index] ?? '', facts));
    }
  };
  let batch: string[] = [];
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < Math.min(MAX_AT_ONCE, limit - page.length)) continue;
    await addAll(batch);
    batch = [];
    if (page.length >= limit) return page;
  }
  await addAll(batch);
  return page;
}

/** A file that is gone, or a link that leads out, is not listed. */
async function statListed(key: string, paths: FilePaths): Promise<FileFacts | undefined> {
  try {
    return await paths.statFile(key);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'PATH_FORBIDDEN') return undefined;
    throw error;
  }
}
