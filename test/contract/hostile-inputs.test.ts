// Addresses, paths and prefixes that try to reach what they must not: each is a coded refusal, and nothing is asked.

import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '@stenofleet/shared/errors';
import { createSourceReader, jailPath, type SourceReader } from '@stenofleet/shared/source';
import { type ObjectStore } from '@stenofleet/shared/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

const entrySchema = z.strictObject({
  input: z.string(),
  kind: z.enum(['url', 'path', 'prefix']),
  why: z.string(),
  code: z.enum(['SOURCE_INVALID', 'SOURCE_FORBIDDEN', 'PATH_FORBIDDEN']),
  resolves: z.array(z.string()).optional(),
});

const corpus = readFileSync(new URL('../fixtures/hostile/sources.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => entrySchema.parse(JSON.parse(line)));
const ofKind = (kind: string) => corpus.filter((entry) => entry.kind === kind);

let base: string;
let root: string;
let downloads: string;
let reader: SourceReader;
/** What was asked of the outside world. */
const asked = { names: [] as string[], connections: 0, stores: [] as string[] };
const countConnection = () => asked.connections++;

/** Any use of it is a failure of the test. */
const forbiddenStore = new Proxy({} as ObjectStore, {
  get: (_store, property) => {
    asked.stores.push(String(property));
    throw new Error(`The store was asked: ${String(property)}.`);
  },
});

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'hostile-')));
  root = join(base, 'media');
  downloads = join(base, 'downloads');
  await mkdir(join(root, 'folder'), { recursive: true });
  await mkdir(`${root}-private`);
  for (const path of ['secret.mp3', 'media-private/a.mp3', 'media/talk.mp3', 'media/etc']) {
    await writeFile(join(base, path), 'RIFF');
  }
  await symlink('../secret.mp3', join(root, 'link-to-secret.mp3'));
  await symlink('/etc', join(root, 'link-to-etc'));
  await symlink(`${root}-private`, join(root, 'link-to-sibling'));
  await symlink('link-loop', join(root, 'link-loop'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  reader = createSourceReader({
    fileRoots: [root],
    s3: {
      prefixes: ['s3://media/in'],
      openStore: (url) => {
        asked.stores.push(url);
        return forbiddenStore;
      },
    },
    uploads: forbiddenStore,
    http: {
      resolve: (host) => {
        asked.names.push(host);
        const entry = corpus.find(
          ({ input, resolves }) => resolves !== undefined && new URL(input).hostname === host,
        );
        return Promise.resolve(entry?.resolves ?? ['127.0.0.1']);
      },
    },
  });
  subscribe('net.client.socket', countConnection);
});

afterAll(async () => {
  unsubscribe('net.client.socket', countConnection);
  await reader.close();
  await rm(base, { recursive: true });
});

beforeEach(() => {
  Object.assign(asked, { names: [], connections: 0, stores: [] });
});

const fill = (input: string) => input.replaceAll('${root}', root);

async function refusal(action: () => unknown): Promise<CodedError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

function expectNothingAsked({ resolves }: { resolves?: string[] | undefined }): void {
  expect(asked.connections).toBe(0);
  expect(asked.stores).toEqual([]);
  expect(asked.names.length).toBe(resolves === undefined ? 0 : 1);
}

describe('the corpus', () => {
  it('has at least sixty different inputs, of each kind', () => {
    expect(new Set(corpus.map(({ input, kind }) => `${kind} ${input}`)).size).toBe(corpus.length);
    expect(corpus.length).toBeGreaterThanOrEqual(60);
    for (const kind of ['url', 'path', 'prefix']) {
      expect(ofKind(kind).length).toBeGreaterThanOrEqual(15);
    }
  });

  it('is told from what is accepted: the same reader takes harmless neighbours', async () => {
    expect(reader.check('https://example.org:8443/a.mp3')).toBe('https://example.org:8443/a.mp3');
    expect(reader.check('s3://media/in/a.mp3')).toBe('s3://media/in/a.mp3');
    expect(reader.check(`upload:acme/${'a'.repeat(64)}/a.mp3`)).toMatch(/^upload:/);
    const file = await reader.inspect(fill('file://${root}/talk.mp3'));
    expect(file).toMatchObject({ name: 'talk.mp3', bytes: 4 });
    expect(jailPath('s3://media/out/x', ['s3://media/out'])).toBe('s3://media/out/x');
  });

  it('would be noticed if it opened a connection', async () => {
    const open = createSourceReader({
      fileRoots: [],
      http: { allowPrivateHosts: ['127.0.0.1:9'] },
    });
    await expect(open.inspect('http://127.0.0.1:9/')).rejects.toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
    });
    expect(asked.connections).toBe(1);
  });
});

describe.each(['url', 'path'])('every hostile %s', (kind) => {
  it.each(ofKind(kind))('$input is refused: $why', async (entry) => {
    const uri = fill(entry.input);
    expect(await refusal(() => reader.inspect(uri))).toMatchObject({ code: entry.code });
    expectNothingAsked(entry);
    asked.names = [];
    const obtain = await refusal(() => reader.obtain(uri, { folder: downloads }));
    expect(obtain).toMatchObject({ code: entry.code });
    expectNothingAsked(entry);
    const files = await readdir(downloads).catch(() => []);
    expect(files).toEqual([]);
    expect(obtain?.message).not.toMatch(/secret@|user:|RIFF/);
  });

  // A folder inside the root or the prefix is hostile only as a recording.
  const noFolder = ofKind(kind).filter(({ input }) => !/\/(?:folder\/?|in\/)$/.test(input));
  it.each(noFolder)('$input cannot be listed', async ({ input }) => {
    const error = await refusal(() => reader.list(fill(input)));
    expect(error?.code).toMatch(/^SOURCE_/);
    expectNothingAsked({});
  });
});

it.each(ofKind('url').filter(({ resolves }) => resolves === undefined))(
  'the form of $input is enough to refuse it',
  async ({ input, code }) => {
    expect(await refusal(() => reader.check(input))).toMatchObject({ code });
  },
);

describe('every hostile prefix', () => {
  it.each(ofKind('prefix'))('$input is refused: $why', async ({ input, code }) => {
    const prefixes = ['s3://media/out', `file://${root}/out`];
    expect(await refusal(() => jailPath(fill(input), prefixes))).toMatchObject({ code });
  });
});
