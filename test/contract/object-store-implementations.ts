// The implementations of the storage port that the contract suites run on.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createFileStore,
  createS3Store,
  type ObjectStore,
  serveThroughLock,
} from '@stenofleet/shared/storage';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { isS3ServerAvailable, startS3Server } from '../servers/s3-server.js';

export const MIB = 1024 * 1024;

export type Opened = { openStore: () => Promise<ObjectStore>; close: () => Promise<void> };

export const implementations: { name: string; available: boolean; open: () => Promise<Opened> }[] =
  [
    {
      name: 'fake',
      available: true,
      open: () =>
        Promise.resolve({
          openStore: () => Promise.resolve(createFakeObjectStore()),
          close: () => Promise.resolve(),
        }),
    },
    {
      name: 'fake without conditions, behind a lock',
      available: true,
      open: () =>
        Promise.resolve({
          openStore: () =>
            Promise.resolve(
              serveThroughLock(createFakeObjectStore({ conditionalCreate: false }), {
                hold: createTurns(),
              }),
            ),
          close: () => Promise.resolve(),
        }),
    },
    {
      name: 'file',
      available: true,
      open: async () => {
        const folder = await mkdtemp(join(tmpdir(), 'stenofleet-store-'));
        let stores = 0;
        return {
          openStore: () => {
            stores += 1;
            return Promise.resolve(createFileStore({ root: join(folder, `store ${stores} %20`) }));
          },
          close: () => rm(folder, { recursive: true }),
        };
      },
    },
    {
      name: 's3 (radosgw)',
      available: isS3ServerAvailable(),
      open: async () => {
        const { endpoint, region, accessKeyId, secretAccessKey, ...server } = await startS3Server();
        await server.createBucket('contract');
        let stores = 0;
        return {
          openStore: () => {
            stores += 1;
            const url = `s3://contract/a prefix/${stores}`;
            const credentials = { accessKeyId, secretAccessKey };
            return Promise.resolve(createS3Store({ url, endpoint, region, credentials }));
          },
          close: server.stop,
        };
      },
    },
  ];

export async function headOf(store: ObjectStore, key: string) {
  const info = await store.head(key);
  if (info === undefined) throw new Error(`There is no ${key}.`);
  return info;
}

export async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += 32) {
    await Promise.all(keys.slice(i, i + 32).map((key) => store.put(key, key)));
  }
}

/** So many bytes that do not repeat soon. */
export function* pseudoRandom(bytes: number, onChunk: (chunk: Buffer) => void): Generator<Buffer> {
  const noise = randomBytes(MIB + 1);
  for (let done = 0, turn = 0; done < bytes; turn++) {
    const start = (turn * 4099) % MIB;
    const chunk = noise.subarray(start, Math.min(start + 65_536, start + bytes - done));
    done += chunk.length;
    onChunk(chunk);
    yield chunk;
  }
}

/** A lock among the callers in this process: one after another. */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(_name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const mine = last.then(() => work(new AbortController().signal));
    last = mine.catch(() => undefined);
    return mine;
  };
}
