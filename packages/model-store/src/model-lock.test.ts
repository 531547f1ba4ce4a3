import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withModelLock } from './model-lock.js';

let root: string;
let lock: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'model-lock-'));
  lock = join(root, '.small.lock');
});

afterEach(() => rm(root, { recursive: true, force: true }));

function tryLock(change: () => Promise<unknown> = () => Promise.resolve()): Promise<unknown> {
  return withModelLock('small', { root }, change);
}

const since = '2026-01-01T00:00:00.000Z';

describe('a lock', () => {
  it('names its holder while it is held, and is gone afterwards', async () => {
    await tryLock(async () => {
      const holder = JSON.parse(await readFile(lock, 'utf8')) as unknown;
      expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
      await expect(tryLock()).rejects.toMatchObject({ code: 'MODEL_LOCKED', retryable: true });
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('is released when the change fails', async () => {
    await expect(tryLock(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await readdir(root)).toEqual([]);
  });

  it('is taken over from a predecessor with the same pid, as in a restarted container', async () => {
    const holder = { pid: process.pid, host: hostname(), processStartedMs: 1, since };
    await writeFile(lock, JSON.stringify(holder));
    await expect(tryLock(() => Promise.resolve('mine'))).resolves.toBe('mine');
  });

  it('without a readable holder is respected while it may still be written', async () => {
    await writeFile(lock, '');
    await expect(tryLock()).rejects.toMatchObject({ code: 'MODEL_LOCKED' });
    await utimes(lock, 0, 0);
    await expect(tryLock(() => Promise.resolve('mine'))).resolves.toBe('mine');
  });

  it('of a dead process goes to exactly one of many', async () => {
    const holder = { pid: 2 ** 22 + 1, host: hostname(), processStartedMs: 1, since };
    await writeFile(lock, JSON.stringify(holder));
    let holders = 0;
    let most = 0;
    const change = async () => {
      most = Math.max(most, ++holders);
      await readdir(root);
      holders--;
    };
    const wait = { root, lockWaitMs: 20_000 };
    await Promise.all(Array.from({ length: 6 }, () => withModelLock('small', wait, change)));
    expect(most).toBe(1);
  });
});
