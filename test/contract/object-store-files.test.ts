// What only the store on a folder does.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createFileStore, type ObjectStore, sweepTemporaryFiles } from '@stenofleet/shared/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { MIB, putAll } from './object-store-implementations.js';

describe('file store', () => {
  let folder: string;
  let root: string;
  let store: ObjectStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stenofleet-store-'));
    root = join(folder, 'root');
    store = createFileStore({ root });
    return async () => {
      await store.close();
      await rm(folder, { recursive: true });
    };
  });

  it('does not follow a link out of its folder, in whichever part', async () => {
    await store.put('a/inside', 'inside');
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(folder, join(root, 'out'));
    await symlink(join(folder, 'secret'), join(root, 'secret'));
    await symlink(join(root, 'a'), join(root, 'in'));
    await symlink(join(root, 'a/inside'), join(root, 'link'));
    for (const key of ['out/secret', 'secret']) {
      await expect(store.get(key)).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
      await expect(store.head(key)).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
    }
    await expect(store.put('out/new/x', 'x')).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
    await expect(store.delete(['out/secret'])).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
    await expect(store.deletePrefix('out/')).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
    await expect(store.list({ prefix: 'out/' })).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
    // A link to the inside is read, and is replaced rather than written through.
    expect((await store.read('in/inside')).toString()).toBe('inside');
    expect((await store.read('link')).toString()).toBe('inside');
    await store.put('secret', 'mine');
    expect((await store.read('secret')).toString()).toBe('mine');
    expect((await store.list()).map(({ key }) => key)).toEqual(['a/inside', 'link', 'secret']);
    expect(await readdir(folder)).toEqual(['root', 'secret']);
  });

  it('keeps what is being written out of lists, and sweeps what was abandoned', async () => {
    const blocked = new Readable({ read: () => undefined });
    blocked.push('half');
    const put = store.put('a', blocked);
    await expect.poll(() => readdir(root).catch(() => [])).toEqual(['.stenofleet-tmp']);
    expect(await store.list()).toEqual([]);
    expect(await sweepTemporaryFiles(root)).toBe(0);
    expect(await sweepTemporaryFiles(root, { now: Date.now() + 3_700_000 })).toBe(1);
    blocked.push(null);
    // Its file is gone: it fails and can be tried again.
    await expect(put).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await expect(store.put('.stenofleet-tmp/x', 'x')).rejects.toMatchObject({
      code: 'PATH_FORBIDDEN',
    });
    await store.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('leaves no empty folders behind', async () => {
    await putAll(store, ['a/b/c/d', 'a/b/e', 'x/y/z', 'x/y/w']);
    await store.delete(['a/b/c/d']);
    expect(await readdir(join(root, 'a/b'))).toEqual(['e']);
    await store.deletePrefix('x/y/');
    await store.delete(['a/b/e']);
    await store.close();
    expect(await readdir(root)).toEqual([]);
  });

  it('says so where a file and a folder would have one name', async () => {
    await putAll(store, ['a', 'b/c']);
    const refused = { code: 'PATH_FORBIDDEN' };
    await expect(store.put('a/x', 'x')).rejects.toMatchObject(refused);
    await expect(store.put('b', 'x')).rejects.toMatchObject(refused);
    await expect(store.put('b', 'x', { when: 'absent' })).rejects.toMatchObject(refused);
    await expect(store.put('x'.repeat(300), 'x')).rejects.toMatchObject(refused);
  });

  it('notices a file that is changed while it is read', async () => {
    await store.put('a', randomBytes(4 * MIB));
    const { body } = await store.get('a');
    await once(body, 'readable');
    await writeFile(join(root, 'a'), 'short');
    await expect(body.toArray()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});
