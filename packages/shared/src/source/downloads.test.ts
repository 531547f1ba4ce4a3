import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDownload, removeAbandonedDownloads } from './downloads.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'downloads-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('openDownload', () => {
  it('writes in order, begins anew, refuses more than its limit and leaves nothing behind', async () => {
    const download = await openDownload(join(folder, 'new'), { maxBytes: 6, shown: 'x' });
    await download.write(Buffer.from('abc'));
    await download.restart();
    await download.write(Buffer.from('def'));
    await download.write(Buffer.from('ghi'));
    await expect(download.write(Buffer.from('j'))).rejects.toMatchObject({
      code: 'SOURCE_TOO_LARGE',
    });
    await download.finish();
    expect(await readFile(download.path, 'utf8')).toBe('defghi');
    await download.discard();
    await download.discard();
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });

  it('tells of a folder that cannot be written, without its path', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(
      openDownload(join(file, 'below'), { maxBytes: 6, shown: 'x' }),
    ).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.not.stringContaining(folder) as string,
    });
  });
});

describe('removeAbandonedDownloads', () => {
  it('removes what no running process writes, and nothing else', async () => {
    // Beyond what any system gives out.
    const gone = `4194999-${randomUUID()}`;
    const own = `${process.pid}-${randomUUID()}`;
    const ofEarlierProcess = `${process.pid}-${randomUUID()}`;
    const ofParent = `${process.ppid}-${randomUUID()}`;
    const names = [gone, own, ofEarlierProcess, ofParent, '4194999-notes.txt', 'readme'];
    await Promise.all(names.map((name) => writeFile(join(folder, name), '')));
    await utimes(join(folder, ofEarlierProcess), 1, 1);
    await removeAbandonedDownloads(folder);
    expect((await readdir(folder)).sort()).toEqual(
      [own, ofParent, '4194999-notes.txt', 'readme'].sort(),
    );
  });

  it('takes a folder that is not there for empty', async () => {
    await expect(removeAbandonedDownloads(join(folder, 'none'))).resolves.toBeUndefined();
  });
});
