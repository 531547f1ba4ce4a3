// The port on a folder. An object is written to a temporary file, made durable, and then gets its name: by `link` where it
// must not exist, by `rename` where it may. Readers see the old object or the new one, never a part.

import { type FileHandle, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createFileBody } from './file-body.js';
import { toFileError } from './file-errors.js';
import { toFileInfo } from './file-info.js';
import { createFilePaths } from './file-paths.js';
import { listFiles } from './list-files.js';
import { checkFolderPrefix, checkKey, checkListPrefix } from './object-key.js';
import { type GetOptions, type ObjectInfo, type ObjectStore } from './object-store.js';
import { probeStore } from './probe-store.js';
import { publishFile } from './publish-file.js';
import { eachAtOnce, removeEmptyFolders, removeFile, removeTree } from './remove-files.js';
import {
  changedError,
  checkPut,
  checkReadable,
  isStream,
  MAX_READ_BYTES,
  notFoundError,
  takeContent,
  throwIfCancelled,
} from './stored-content.js';
import { createFolderSync } from './sync-folder.js';
import { createTemporaryFile, removeTemporaryFolder } from './temporary-files.js';
import { createFolderNames, walkFiles } from './walk-files.js';

export type FileStoreOptions = {
  /** The folder, which is made when first written to. */
  root: string;
};

export function createFileStore({ root: givenRoot }: FileStoreOptions): ObjectStore {
  const root = resolve(givenRoot);
  const url = pathToFileURL(root).href.replace(/\/+$/, '');
  const paths = createFilePaths(root);
  const folderNames = createFolderNames();
  const syncFolder = createFolderSync();

  /** Runs `work`; errors of the system become the port's. */
  async function about<T>(
    subject: string,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      throwIfCancelled(signal);
      return await work();
    } catch (error) {
      throw toFileError(error, subject, signal);
    }
  }

  async function openExisting(key: string): Promise<{ handle: FileHandle; info: ObjectInfo }> {
    const handle = await paths.openFile(key);
    if (handle === undefined) throw notFoundError(url, key);
    return { handle, info: toFileInfo(key, await handle.stat({ bigint: true })) };
  }

  async function get(key: string, { start = 0, end, etag, signal }: GetOptions = {}) {
    checkKey(key);
    const { handle, info } = await openExisting(key);
    if (etag !== undefined && etag !== info.etag) {
      await handle.close();
      throw changedError(url, key);
    }
    const range = { start, end: Math.min(end ?? info.bytes, info.bytes) };
    return { info, body: createFileBody(handle, { ...range, url, info, signal }) };
  }

  const store: ObjectStore = {
    url,
    put: async (key, content, options = {}) => {
      const { when = 'any', signal } = options;
      const taken = isStream(content) ? takeContent(content, signal) : undefined;
      try {
        checkPut(key, content, options);
        const target = await paths.locateForWriting(key);
        const temporary = await createTemporaryFile(await paths.root({ create: true }));
        try {
          try {
            if (taken === undefined) await temporary.handle.writeFile(content as Buffer | string);
            else await writeChunks(temporary.handle, taken.chunks());
            throwIfCancelled(signal);
            await temporary.handle.sync();
          } finally {
            await temporary.handle.close();
          }
          return await publishFile({ from: temporary.path, to: target, when }, syncFolder);
        } finally {
          await unlink(temporary.path).catch(() => undefined);
        }
      } catch (error) {
        const failure = taken?.failure();
        throw failure === undefined ? toFileError(error, key, signal) : failure.error;
      } finally {
        taken?.release();
      }
    },
    get: (key, options) => about(key, options?.signal, () => get(key, options)),
    read: (key, { maxBytes = MAX_READ_BYTES, signal } = {}) =>
      about(key, signal, async () => {
        checkKey(key);
        const { handle, info } = await openExisting(key);
        try {
          checkReadable(info, maxBytes);
          return await handle.readFile();
        } finally {
          await handle.close();
        }
      }),
    head: (key, signal) =>
      about(key, signal, async () => {
        checkKey(key);
        const facts = await paths.statFile(key);
        return facts && toFileInfo(key, facts);
      }),
    list: ({ prefix = '', after, limit = 1000, signal } = {}) =>
      about(prefix, signal, async () => {
        checkListPrefix(prefix);
        const keys = walkFiles({ paths, folderNames, prefix, after, signal });
        return listFiles(keys, { limit, paths });
      }),
    delete: (keys, signal) =>
      about('delete', signal, async () => {
        keys.forEach(checkKey);
        const folders = new Set<string>();
        await eachAtOnce(keys, async (key) => {
          throwIfCancelled(signal);
          const path = await paths.locate(key);
          if (path !== undefined && (await removeFile(path))) folders.add(dirname(path));
        });
        const base = await paths.root();
        for (const folder of folders) await removeEmptyFolders(folder, base);
      }),
    deletePrefix: (prefix, signal) =>
      about(prefix, signal, async () => {
        checkFolderPrefix(prefix);
        const inside = await paths.locate(`${prefix}x`);
        if (inside === undefined) return;
        await removeTree(dirname(inside), signal);
        await removeEmptyFolders(dirname(dirname(inside)), await paths.root());
      }),
    copy: async (from, to, signal) => {
      checkKey(to);
      const { body } = await store.get(from, { signal });
      await store.put(to, body, { signal });
    },
    presign: async (key) => {
      checkKey(key);
      return Promise.resolve(undefined);
    },
    probe: (signal) => probeStore(store, signal),
    close: async () => {
      const base = await paths.root().catch(() => undefined);
      if (base !== undefined) await removeTemporaryFolder(base);
    },
  };
  return store;
}

async function writeChunks(handle: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) {
      done += (await handle.write(chunk, done)).bytesWritten;
    }
  }
}
