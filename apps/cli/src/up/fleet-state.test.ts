import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFleet, readRunningFleet } from './fleet-state.js';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steno-lock-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const statePath = () => join(dataDir, 'fleet', 'up.json');

describe('the lock of a fleet', () => {
  it('is held once, tells where the API is, and is gone when released', async () => {
    const lock = await lockFleet(dataDir);
    await expect(lockFleet(dataDir)).rejects.toMatchObject({ code: 'FLEET_RUNNING' });
    expect(await readRunningFleet(dataDir)).toBeUndefined();
    await Promise.all([
      lock.tell({ parts: { api: { pid: 1, startMark: 'a' } } }),
      lock.tell({ parts: { redis: { pid: 2, startMark: 'b' } } }),
      lock.tell({ apiUrl: 'http://127.0.0.1:8080', sourceRoots: ['/data'] }),
    ]);
    expect(await readRunningFleet(dataDir)).toMatchObject({
      apiUrl: 'http://127.0.0.1:8080',
      sourceRoots: ['/data'],
    });
    const state = JSON.parse(await readFile(statePath(), 'utf8')) as { parts: object };
    expect(Object.keys(state.parts)).toEqual(['api', 'redis']);
    await lock.release();
    expect(await readRunningFleet(dataDir)).toBeUndefined();
    await (await lockFleet(dataDir)).release();
  });

  it('is taken over from a process that has died, also where its id is another’s by now', async () => {
    await (await lockFleet(dataDir)).release();
    const parts = { api: { pid: 4_000_000, startMark: '1' } };
    const dead = { pid: process.pid, hostname: hostname(), startMark: 'long ago', parts };
    await writeFile(statePath(), JSON.stringify(dead));
    const lock = await lockFleet(dataDir);
    expect(lock.abandoned).toMatchObject({ parts });
    await lock.release();
  });

  it('is taken over where a crash has left half of it', async () => {
    await (await lockFleet(dataDir)).release();
    await writeFile(statePath(), '{"pid":');
    await (await lockFleet(dataDir)).release();
  });
});
