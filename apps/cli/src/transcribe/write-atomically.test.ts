import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishFiles, removeAbandoned, writeFileAtomically } from './write-atomically.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steno-write-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('publishFiles', () => {
  it('writes a name as long as the disk takes', async () => {
    const path = join(folder, `${'x'.repeat(250)}.json`);
    await writeFileAtomically(path, 'text');
    expect(await readFile(path, 'utf8')).toBe('text');
  });

  it('names nothing and leaves nothing when what comes before fails', async () => {
    const refuse = () => Promise.reject(new Error('no'));
    await expect(publishFiles([{ path: join(folder, 'a'), content: '' }], refuse)).rejects.toThrow(
      'no',
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('removeAbandoned', () => {
  it('removes what an ended process left beside these files, and nothing else', async () => {
    const path = join(folder, 'talk.json');
    let temporary = '';
    await publishFiles([{ path, content: '' }], async () => {
      [temporary = ''] = await readdir(folder);
    });
    const leaveBehind = (name: string) =>
      writeFileAtomically(join(folder, 'x'), '').then(() =>
        rename(join(folder, 'x'), join(folder, name)),
      );
    const ended = temporary.replace(`.${process.pid}.`, '.999999999.');
    await leaveBehind(temporary);
    await leaveBehind(ended);
    await leaveBehind('.other.999999999.steno-tmp');
    await removeAbandoned([path]);
    expect((await readdir(folder)).sort()).toEqual(
      [temporary, '.other.999999999.steno-tmp', 'talk.json'].sort(),
    );
  });
});
