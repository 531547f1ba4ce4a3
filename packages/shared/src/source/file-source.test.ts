import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileSource } from './file-source.js';

let base: string;
let root: string;
const address = (...parts: string[]) => pathToFileURL(join(root, ...parts)).href;
const coded = (code: string) => expect.objectContaining({ code }) as Error;

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'file-source-')));
  root = join(base, 'media');
  await mkdir(join(root, 'a'), { recursive: true });
  await mkdir(join(base, 'media-private'));
  await writeFile(join(root, 'talk 1%.mp3'), 'hello');
  await writeFile(join(base, 'secret.mp3'), 'secret');
  await writeFile(join(base, 'media-private', 'x.mp3'), 'secret');
});
afterEach(() => rm(base, { recursive: true }));

describe('check', () => {
  it('takes what lies inside a root, in one spelling', () => {
    const files = createFileSource([root]);
    expect(files.check(address('talk 1%.mp3'))).toBe(address('talk 1%.mp3'));
    expect(files.check(`file://localhost${root}/b%2Dc`)).toBe(address('b-c'));
    expect(createFileSource([`file://${root}`]).check(address('x'))).toBe(address('x'));
    expect(createFileSource(['/']).check('file:///x')).toBe('file:///x');
  });

  it('refuses neighbours whose name begins like the root', () => {
    const files = createFileSource([root]);
    expect(() => files.check(`file://${root}-private/x.mp3`)).toThrow(coded('SOURCE_FORBIDDEN'));
    expect(() => files.check(`file://${root}/../secret.mp3`)).toThrow(coded('SOURCE_INVALID'));
  });

  it('forbids everything where no root is configured', () => {
    expect(() => createFileSource([]).check(address('x'))).toThrow(coded('SOURCE_FORBIDDEN'));
  });

  it.each(['media', './media', '/a/../b', 'https://x/'])('refuses %s as a root', (path) => {
    expect(() => createFileSource([path])).toThrow(coded('CONFIG_INVALID'));
  });
});

describe('inspect and obtain', () => {
  it('read a file where it lies, and leave it there', async () => {
    const files = createFileSource([root]);
    const uri = address('talk 1%.mp3');
    const info = await files.inspect(uri);
    expect(info).toEqual({
      uri,
      name: 'talk 1%.mp3',
      bytes: 5,
      etag: expect.stringMatching(/^5-[0-9a-z]+-[0-9a-z]+$/) as string,
    });
    const source = await files.obtain(uri, { folder: base, etag: info.etag });
    expect(source.path).toBe(join(root, 'talk 1%.mp3'));
    await source.release();
    expect(await readFile(source.path, 'utf8')).toBe('hello');
  });

  it('tell a file that changed', async () => {
    const files = createFileSource([root]);
    const uri = address('talk 1%.mp3');
    const { etag } = await files.inspect(uri);
    await utimes(join(root, 'talk 1%.mp3'), 1, 1);
    await expect(files.obtain(uri, { folder: base, etag })).rejects.toThrow(
      coded('SOURCE_CHANGED'),
    );
  });

  it('follow links inside the roots, and none that lead out', async () => {
    await symlink('talk 1%.mp3', join(root, 'inside.mp3'));
    await symlink('../secret.mp3', join(root, 'outside.mp3'));
    await symlink('/etc', join(root, 'etc'));
    await symlink(`${root}-private`, join(root, 'sibling'));
    await symlink('loop', join(root, 'loop'));
    const files = createFileSource([root]);
    await expect(files.inspect(address('inside.mp3'))).resolves.toMatchObject({ bytes: 5 });
    for (const path of ['outside.mp3', 'etc/passwd', 'sibling/x.mp3', 'loop']) {
      await expect(files.inspect(address(path))).rejects.toThrow(coded('SOURCE_FORBIDDEN'));
    }
  });

  it('work where the root itself is a link', async () => {
    await symlink(root, join(base, 'link'));
    const files = createFileSource([join(base, 'link')]);
    const uri = pathToFileURL(join(base, 'link', 'talk 1%.mp3')).href;
    await expect(files.inspect(uri)).resolves.toMatchObject({ bytes: 5 });
  });

  it('refuse what is no file, and tell what is not there', async () => {
    expect(spawnSync('mkfifo', [join(root, 'pipe')]).status).toBe(0);
    const files = createFileSource([root]);
    for (const path of ['a', 'a/', '', 'pipe']) {
      await expect(files.inspect(`${address()}/${path}`)).rejects.toThrow(coded('SOURCE_INVALID'));
    }
    await expect(files.inspect(address('none.mp3'))).rejects.toThrow(coded('SOURCE_NOT_FOUND'));
    await expect(files.inspect(address('talk 1%.mp3', 'x'))).rejects.toThrow(
      coded('SOURCE_NOT_FOUND'),
    );
    await expect(files.inspect(address('x'.repeat(300)))).rejects.toThrow(coded('SOURCE_INVALID'));
  });

  it('stop where the work is cancelled', async () => {
    const files = createFileSource([root]);
    const uri = address('talk 1%.mp3');
    await expect(files.inspect(uri, AbortSignal.abort())).rejects.toThrow(coded('JOB_CANCELLED'));
  });
});

describe('list', () => {
  it('pages through all files in the order of their bytes, links out left aside', async () => {
    const names = ['a/2.mp3', 'a/1.mp3', 'a-b.mp3', 'a.mp3', 'a/z/deep.mp3', 'é.mp3', 'Z.mp3'];
    await mkdir(join(root, 'a', 'z'));
    await Promise.all(names.map((name) => writeFile(join(root, name), '')));
    await symlink('/etc/passwd', join(root, 'b.mp3'));
    await symlink('/etc', join(root, 'etc'));
    const files = createFileSource([root]);
    const found: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await files.list(`${address()}/`, {
        limit: 3,
        ...(after !== undefined && { after }),
      });
      expect(page.items.length).toBeLessThanOrEqual(3);
      found.push(...page.items.map(({ relativePath }) => relativePath));
      expect(page.items.every((item) => item.uri === address(item.relativePath))).toBe(true);
      after = page.next;
      if (after === undefined) break;
    }
    const expected = [...names, 'talk 1%.mp3'];
    expect(found).toEqual(expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('lists a folder below a root, and none beside it', async () => {
    await writeFile(join(root, 'a', '1.mp3'), '');
    const files = createFileSource([root]);
    expect((await files.list(address('a'), {})).items).toMatchObject([{ relativePath: '1.mp3' }]);
    await symlink(`${root}-private`, join(root, 'sibling'));
    await expect(files.list(address('sibling'), {})).rejects.toThrow(coded('SOURCE_FORBIDDEN'));
    await expect(files.list(address('none'), {})).rejects.toThrow(coded('SOURCE_NOT_FOUND'));
  });
});
