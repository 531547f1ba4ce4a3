import { describe, expect, it } from 'vitest';
import { type FileTree, type TreeEntry } from './file-tree.js';
import { findRecordings } from './find-recordings.js';

const files = [
  '/home/archive/talk.mp3',
  '/home/archive/notes.txt',
  '/home/archive/.hidden.mp3',
  '/home/archive/2019/part10.WAV',
  '/home/archive/2019/part2.wav',
  '/home/archive/.cache/old.mp3',
  '/home/[odd] name.mp3',
  '/home/empty/readme.md',
];

const tree: FileTree = {
  getKind: (path) =>
    Promise.resolve(
      files.includes(path)
        ? 'file'
        : files.some((file) => file.startsWith(`${path}/`))
          ? 'folder'
          : 'missing',
    ),
  list(folder) {
    const below = files.filter((file) => file.startsWith(`${folder}/`));
    const entries = below.map((file): [string, TreeEntry] => {
      const [name = '', ...deeper] = file.slice(folder.length + 1).split('/');
      return [name, { name, kind: deeper.length > 0 ? 'folder' : 'file' }];
    });
    return Promise.resolve([...new Map(entries).values()]);
  },
  match: (pattern) =>
    Promise.resolve(
      pattern === 'archive/**/*' ? files.filter((file) => /archive\/(2019\/)?\w/.test(file)) : [],
    ),
};

const find = (...inputs: string[]) => findRecordings(inputs, { tree, cwd: '/home' });

describe('findRecordings', () => {
  it('walks folders for recordings in natural order, without hidden files', async () => {
    const { recordings } = await find('archive');
    expect(recordings).toEqual([
      {
        kind: 'file',
        shown: 'archive/2019/part2.wav',
        name: 'part2.wav',
        path: '/home/archive/2019/part2.wav',
        below: '2019',
        root: 'archive',
      },
      expect.objectContaining({ name: 'part10.WAV', below: '2019' }),
      expect.objectContaining({ name: 'talk.mp3', below: '' }),
    ]);
  });

  it('takes a file that is named as it is, pattern characters and any extension included', async () => {
    const { recordings } = await find('[odd] name.mp3', 'archive/notes.txt');
    expect(recordings).toEqual([
      expect.objectContaining({ name: '[odd] name.mp3', root: 'home' }),
      expect.objectContaining({ name: 'notes.txt', root: 'archive' }),
    ]);
  });

  it('expands globs to recordings, and each recording once', async () => {
    const { recordings } = await find('archive/talk.mp3', 'archive/**/*');
    expect(recordings.map(({ name }) => name)).toEqual(['talk.mp3', 'part2.wav', 'part10.WAV']);
    expect(recordings[1]).toMatchObject({ below: '2019' });
  });

  it('tells of everything that yields no recording', async () => {
    const { recordings, problems } = await find('gone.mp3', 'empty', '*.xyz', 'ftp://host/a.mp3');
    expect(recordings).toEqual([]);
    expect(
      problems.map(({ shown, error }) => [shown, (error as Error & { code: string }).code]),
    ).toEqual([
      ['gone.mp3', 'AUDIO_NOT_FOUND'],
      ['empty', 'INPUT_EMPTY'],
      ['*.xyz', 'INPUT_EMPTY'],
      ['ftp://host/a.mp3', 'INPUT_UNREADABLE'],
    ]);
  });

  it('names addresses after the last part of their path, and shows no secrets', async () => {
    const { recordings } = await find(
      'https://ann:pw@host/a/Episode%2012.mp3?signature=abc#t=1',
      'https://host/..%2F..%2Fetc%2Fpasswd',
      'https://host/',
    );
    expect(recordings).toEqual([
      {
        kind: 'url',
        shown: 'https://host/a/Episode%2012.mp3',
        name: 'Episode 12.mp3',
        url: 'https://ann:pw@host/a/Episode%2012.mp3?signature=abc',
      },
      expect.objectContaining({ name: '_.._etc_passwd' }),
      expect.objectContaining({ name: 'host' }),
    ]);
  });

  it('refuses standard input', async () => {
    await expect(find('-')).rejects.toThrow('Standard input cannot be read');
  });
});
