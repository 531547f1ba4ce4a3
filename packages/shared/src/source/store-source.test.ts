import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '../errors/index.js';
import { type ObjectStore } from '../storage/index.js';
import { createS3Source, createUploadSource } from './store-source.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

const coded = (code: string) => expect.objectContaining({ code }) as Error;
const digest = (content: string) => createHash('sha256').update(content).digest('hex');
const closed: string[] = [];

/** Only what a reader of sources asks of a store. */
function createStore(url: string, objects: Record<string, string>): ObjectStore {
  const info = (key: string, content: string) => ({
    key,
    bytes: content.length,
    etag: digest(content).slice(0, 8),
    modifiedAt: new Date(0),
  });
  const store: Pick<ObjectStore, 'url' | 'get' | 'head' | 'list' | 'close'> = {
    url,
    get: (key, { etag } = {}) => {
      const content = objects[key];
      if (content === undefined) {
        return Promise.reject(new CodedError('STORE_NOT_FOUND', `${key} does not exist.`));
      }
      const found = info(key, content);
      if (etag !== undefined && etag !== found.etag) {
        return Promise.reject(new CodedError('SOURCE_CHANGED', `${key} changed.`));
      }
      return Promise.resolve({ info: found, body: Readable.from([Buffer.from(content)]) });
    },
    head: (key) => {
      const content = objects[key];
      return Promise.resolve(content === undefined ? undefined : info(key, content));
    },
    list: ({ prefix = '', after = '', limit = 1000 } = {}) =>
      Promise.resolve(
        Object.entries(objects)
          .filter(([key]) => key.startsWith(prefix) && key > after)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, content]) => info(key, content)),
      ),
    close: () => {
      closed.push(url);
      return Promise.resolve();
    },
  };
  return store as ObjectStore;
}

function createSource(objects: Record<string, string>, maxBytes = 100) {
  const opened: string[] = [];
  const source = createS3Source({
    prefixes: ['s3://media/in/', 's3://other'],
    openStore: (url) => {
      opened.push(url);
      return createStore(url, objects);
    },
    maxBytes,
  });
  return { source, opened };
}

describe('s3 sources', () => {
  it('are downloaded from the store of their prefix, which is opened once', async () => {
    const { source, opened } = createSource({ 'a/talk.mp3': 'hello' });
    const uri = 's3://media/in/a/talk.mp3';
    const info = await source.inspect(uri);
    expect(info).toEqual({ uri, name: 'talk.mp3', bytes: 5, etag: digest('hello').slice(0, 8) });
    const obtained = await source.obtain(uri, { folder, etag: info.etag });
    expect(await readFile(obtained.path, 'utf8')).toBe('hello');
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\d+-[0-9a-f-]{36}$/)]);
    await obtained.release();
    await obtained.release();
    expect(await readdir(folder)).toEqual([]);
    expect(opened).toEqual(['s3://media/in']);
    await source.close();
    expect(closed).toContain('s3://media/in');
  });

  it('are refused outside the prefixes, without opening a store', () => {
    const { source, opened } = createSource({});
    for (const uri of ['s3://media/inside/x', 's3://media/x', 's3://else/x', 's3://media']) {
      expect(() => source.check(uri)).toThrow(coded('SOURCE_FORBIDDEN'));
    }
    expect(() => source.check('s3://media/in/../x')).toThrow(coded('SOURCE_INVALID'));
    expect(opened).toEqual([]);
  });

  it('that are missing, changed, too large or a folder are told, and leave no file', async () => {
    const { source } = createSource({ big: 'x'.repeat(101), small: 'x' });
    const obtain = (key: string, etag?: string) =>
      source.obtain(`s3://media/in/${key}`, { folder, etag });
    await expect(obtain('none')).rejects.toThrow(coded('SOURCE_NOT_FOUND'));
    await expect(obtain('small', 'old')).rejects.toThrow(coded('SOURCE_CHANGED'));
    await expect(obtain('big')).rejects.toThrow(coded('SOURCE_TOO_LARGE'));
    await expect(async () => obtain('')).rejects.toThrow(coded('SOURCE_INVALID'));
    await expect(async () => obtain('small/')).rejects.toThrow(coded('SOURCE_INVALID'));
    const cancelled = source.obtain('s3://media/in/small', { folder, signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toThrow(coded('JOB_CANCELLED'));
    expect(await readdir(folder)).toEqual([]);
  });

  it('are listed by page, folder markers and keys without an address left aside', async () => {
    const { source } = createSource({
      'a/': '',
      'a/1.mp3': 'x',
      'a/../2.mp3': 'x',
      'a/3.mp3': 'x',
      'ab/4.mp3': 'x',
    });
    const first = await source.list('s3://media/in/a', { limit: 3 });
    expect(first).toEqual({
      items: [expect.objectContaining({ uri: 's3://media/in/a/1.mp3', relativePath: '1.mp3' })],
      next: '1.mp3',
    });
    const second = await source.list('s3://media/in/a/', { limit: 9, after: '1.mp3' });
    expect(second.items.map(({ relativePath }) => relativePath)).toEqual(['3.mp3']);
    expect(second.next).toBeUndefined();
  });

  it.each(['media/in', 'file:///x', 's3://', 's3://media/../x'])('cannot lie in %s', (prefix) => {
    const options = { prefixes: [prefix], openStore: () => createStore('', {}), maxBytes: 1 };
    expect(() => createS3Source(options)).toThrow(coded('CONFIG_INVALID'));
  });
});

describe('uploads', () => {
  const sha256 = digest('hello');
  const uri = `upload:acme/${sha256}/talk%201.mp3`;
  const create = (content: string) =>
    createUploadSource(createStore('', { [`uploads/acme/${sha256}`]: content }), { maxBytes: 100 });

  it('are found by content, and are their own version', async () => {
    const uploads = create('hello');
    const info = { uri, name: 'talk 1.mp3', bytes: 5, etag: sha256 };
    expect(await uploads.inspect(uri)).toEqual(info);
    const obtained = await uploads.obtain(uri, { folder, etag: sha256 });
    expect(obtained).toMatchObject(info);
    expect(await readFile(obtained.path, 'utf8')).toBe('hello');
    await obtained.release();
  });

  it('whose content is another are refused', async () => {
    await expect(create('hullo').obtain(uri, { folder })).rejects.toThrow(coded('SOURCE_CHANGED'));
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    `upload:../${sha256}/x`,
    `upload:acme/../${sha256}/x`,
    `upload:acme/${sha256}/..%2f..%2fx`,
    `upload:acme/${sha256}/.hidden`,
    `upload:acme/${sha256}/`,
    `upload:acme/${sha256}`,
    `upload:acme/${sha256.slice(1)}/x`,
    `upload://acme/${sha256}/x`,
    `upload:a%2fb/${sha256}/x`,
    `upload:acme/${sha256}/a%00b`,
  ])('refuse %s', (address) => {
    expect(() => create('hello').check(address)).toThrow(coded('SOURCE_INVALID'));
  });
});
