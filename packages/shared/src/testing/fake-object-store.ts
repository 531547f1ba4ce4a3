// The storage port in memory, for unit tests. It passes the same contract suite as the real ones.

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CodedError, type FleetErrorCode } from '../errors/index.js';
import {
  checkFolderPrefix,
  checkKey,
  checkListPrefix,
  compareKeys,
} from '../storage/object-key.js';
import { type ObjectInfo, type ObjectStore } from '../storage/object-store.js';
import { probeStore } from '../storage/probe-store.js';
import {
  changedError,
  checkPut,
  isStream,
  notFoundError,
  readWhole,
  takeContent,
  throwIfCancelled,
} from '../storage/stored-content.js';

const BODY_CHUNK_BYTES = 64 * 1024;

export type FakeObjectStore = ObjectStore & {
  /** What is stored, by key. */
  objects: ReadonlyMap<string, { content: Buffer; contentType: string | undefined }>;
  /** Names of the methods that were called, in order. */
  calls: readonly { method: FakeStoreMethod; key: string }[];
  /** Lets the next `times` calls of a method fail. */
  failNext: (method: FakeStoreMethod, code: FleetErrorCode, times?: number) => void;
};

export type FakeStoreMethod = 'put' | 'get' | 'head' | 'list' | 'delete' | 'copy';

export type FakeObjectStoreOptions = {
  url?: string;
  /** False ignores `when: 'absent'`, as some S3 stores do. @defaultValue true */
  conditionalCreate?: boolean;
  now?: () => number;
};

export function createFakeObjectStore({
  url = 's3://fake/store',
  conditionalCreate = true,
  now = Date.now,
}: FakeObjectStoreOptions = {}): FakeObjectStore {
  type Stored = { content: Buffer; contentType: string | undefined; version: number; time: number };
  const objects = new Map<string, Stored>();
  const calls: { method: FakeStoreMethod; key: string }[] = [];
  const faults: { method: FakeStoreMethod; code: FleetErrorCode }[] = [];
  let versions = 0;

  /** Each call takes a turn of the event loop, as I/O does, and may be told to fail. */
  async function enter(method: FakeStoreMethod, key: string, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    calls.push({ method, key });
    await Promise.resolve();
    const index = faults.findIndex((fault) => fault.method === method);
    const [fault] = index === -1 ? [] : faults.splice(index, 1);
    if (fault) throw new CodedError(fault.code, `The test lets ${method} of "${key}" fail.`);
  }

  function infoOf(key: string, { content, version, time }: Stored): ObjectInfo {
    const digest = createHash('md5').update(content).digest('hex');
    return {
      key,
      bytes: content.length,
      etag: `${digest}-${version}`,
      modifiedAt: new Date(time),
    };
  }

  function find(key: string): { stored: Stored; info: ObjectInfo } {
    const stored = objects.get(key);
    if (stored === undefined) throw notFoundError(url, key);
    return { stored, info: infoOf(key, stored) };
  }

  function write(key: string, content: Buffer, contentType: string | undefined): void {
    versions += 1;
    objects.set(key, { content, contentType, version: versions, time: now() });
  }

  const store: ObjectStore = {
    url,
    put: async (key, content, options = {}) => {
      const { when, contentType, signal } = options;
      const taken = isStream(content) ? takeContent(content, signal) : undefined;
      try {
        checkPut(key, content, options);
        await enter('put', key, signal);
        const bytes = taken
          ? await collect(taken.chunks())
          : Buffer.from(content as Buffer | string);
        throwIfCancelled(signal);
        if (when === 'absent' && conditionalCreate && objects.has(key)) return false;
        write(key, bytes, contentType);
        return true;
      } catch (error) {
        throw taken?.failure()?.error ?? error;
      } finally {
        taken?.release();
      }
    },
    get: async (key, { start = 0, end, etag, signal } = {}) => {
      checkKey(key);
      await enter('get', key, signal);
      const { stored, info } = find(key);
      if (etag !== undefined && etag !== info.etag) throw changedError(url, key);
      const wanted = stored.content.subarray(start, Math.max(start, end ?? stored.content.length));
      return { info, body: readInChunks(wanted, signal) };
    },
    read: async (key, { maxBytes, signal } = {}) =>
      readWhole(await store.get(key, { signal }), maxBytes),
    head: async (key, signal) => {
      checkKey(key);
      await enter('head', key, signal);
      return objects.has(key) ? find(key).info : undefined;
    },
    list: async ({ prefix = '', after, limit = 1000, signal } = {}) => {
      checkListPrefix(prefix);
      await enter('list', prefix, signal);
      return [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .filter(([key]) => after === undefined || compareKeys(key, after) > 0)
        .sort(([a], [b]) => compareKeys(a, b))
        .slice(0, limit)
        .map(([key, stored]) => infoOf(key, stored));
    },
    delete: async (keys, signal) => {
      keys.forEach(checkKey);
      await enter('delete', keys[0] ?? '', signal);
      for (const key of keys) objects.delete(key);
    },
    deletePrefix: async (prefix, signal) => {
      checkFolderPrefix(prefix);
      await enter('delete', prefix, signal);
      for (const key of [...objects.keys()]) if (key.startsWith(prefix)) objects.delete(key);
    },
    copy: async (from, to, signal) => {
      checkKey(from);
      checkKey(to);
      await enter('copy', from, signal);
      const { stored } = find(from);
      write(to, stored.content, stored.contentType);
    },
    presign: async (key) => {
      checkKey(key);
      return Promise.resolve(undefined);
    },
    probe: (signal) => probeStore(store, signal),
    close: () => Promise.resolve(),
  };

  return {
    ...store,
    objects,
    calls,
    failNext: (method, code, times = 1) => {
      for (let i = 0; i < times; i++) faults.push({ method, code });
    },
  };
}

function readInChunks(content: Buffer, signal: AbortSignal | undefined): Readable {
  let position = 0;
  const body = new Readable({
    read() {
      const chunk = content.subarray(position, position + BODY_CHUNK_BYTES);
      position += chunk.length;
      body.push(chunk.length === 0 ? null : chunk);
    },
  });
  if (signal === undefined) return body;
  const taken = takeContent(body, signal);
  body.once('close', taken.release);
  return body;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
