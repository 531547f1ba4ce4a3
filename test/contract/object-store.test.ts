// One suite for the storage port, on every implementation.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  compareKeys,
  createFileStore,
  createS3Store,
  type ObjectStore,
  serveThroughLock,
  sweepTemporaryFiles,
} from '@stenofleet/shared/storage';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isS3ServerAvailable, startS3Server } from '../servers/s3-server.js';

const MIB = 1024 * 1024;

type Opened = { openStore: () => Promise<ObjectStore>; close: () => Promise<void> };

const implementations: { name: string; available: boolean; open: () => Promise<Opened> }[] = [
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

describe.each(implementations)('$name', ({ available, open }) => {
  describe.skipIf(!available)('object store', () => {
    let opened: Opened;
    let store: ObjectStore;

    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    beforeEach(async () => {
      store = await opened.openStore();
      return () => store.close();
    });

    async function readAll(key: string, options?: Parameters<ObjectStore['get']>[1]) {
      const { body } = await store.get(key, options);
      return Buffer.concat((await body.toArray()) as Buffer[]);
    }

    describe('put and get', () => {
      it('gives back what was put, with its facts', async () => {
        const before = Date.now();
        expect(await store.put('a/b.json', '{"ä":1}', { contentType: 'application/json' })).toBe(
          true,
        );
        const { info, body } = await store.get('a/b.json');
        expect(Buffer.concat((await body.toArray()) as Buffer[]).toString()).toBe('{"ä":1}');
        expect(info).toEqual(await store.head('a/b.json'));
        expect(info).toMatchObject({ key: 'a/b.json', bytes: 8 });
        expect(info.etag).toMatch(/^[^"]+$/);
        expect(Math.abs(info.modifiedAt.getTime() - before)).toBeLessThan(60_000);
        expect((await store.read('a/b.json')).toString()).toBe('{"ä":1}');
      });

      it('takes an empty object, whole or as a stream', async () => {
        await store.put('empty', '');
        await store.put('empty-stream', Readable.from([]));
        expect(await store.read('empty')).toHaveLength(0);
        expect(await store.read('empty-stream')).toHaveLength(0);
        expect(await readAll('empty', { start: 5 })).toHaveLength(0);
        expect(await store.head('empty-stream')).toMatchObject({ bytes: 0 });
      });

      it.each([
        ['a space', 'a b/c d.txt'],
        ['accents and other scripts', 'zürich/日本語/Ελλάδα.json'],
        ['characters beyond the basic plane', 'emoji/😀.txt'],
        ['a plus', 'a+b/c+d.txt'],
        ['percent signs', '100%/%2e%2e/%20.txt'],
        ['characters of addresses', 'a?b=c&d#e;f:g@h/i=j,k$l!m*n\'o(p)"q<r>s|t{u}[v]^w`x~y.txt'],
        ['leading dots and dashes', '.hidden/..x/-rf/_under.txt'],
      ])('takes a key with %s', async (_what, key) => {
        await store.put(key, key);
        expect((await store.read(key)).toString()).toBe(key);
        expect((await store.list()).map((info) => info.key)).toEqual([key]);
        expect((await store.list({ prefix: key.slice(0, -2) })).map((info) => info.key)).toEqual([
          key,
        ]);
        await store.copy(key, `copy/${key}`);
        expect((await store.read(`copy/${key}`)).toString()).toBe(key);
        await store.delete([key, `copy/${key}`]);
        expect(await store.list()).toEqual([]);
      });

      it('replaces, and the ETag changes', async () => {
        await store.put('a', 'one');
        const first = await store.head('a');
        expect(await store.put('a', 'two')).toBe(true);
        expect((await store.read('a')).toString()).toBe('two');
        expect((await store.head('a'))?.etag).not.toBe(first?.etag);
      });

      it('answers STORE_NOT_FOUND for what is not there', async () => {
        await store.put('a/b', 'x');
        for (const key of ['none', 'a', 'a/c', 'a/b/c', 'x/y/z']) {
          await expect(store.get(key)).rejects.toMatchObject({
            code: 'STORE_NOT_FOUND',
            retryable: false,
            message: expect.stringContaining(key) as string,
          });
          await expect(store.read(key)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
          await expect(store.copy(key, 'to')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
          expect(await store.head(key)).toBeUndefined();
        }
        expect(await store.head('to')).toBeUndefined();
      });

      it('reads no more at once than is allowed', async () => {
        await store.put('a', 'twelve bytes');
        expect(await store.read('a', { maxBytes: 12 })).toHaveLength(12);
        await expect(store.read('a', { maxBytes: 11 })).rejects.toMatchObject({
          code: 'SOURCE_TOO_LARGE',
        });
      });

      it('gives ranges', async () => {
        const content = randomBytes(300_000);
        await store.put('a', content);
        const ranges = [
          { start: 0 },
          { start: 1, end: 2 },
          { start: 100_000, end: 250_000 },
          { end: 10 },
          { start: 299_999 },
          { start: 299_990, end: 400_000 },
          { start: 300_000 },
          { start: 400_000, end: 500_000 },
          { start: 5, end: 5 },
        ];
        for (const range of ranges) {
          const { info, body } = await store.get('a', range);
          expect(info.bytes).toBe(content.length);
          const got = Buffer.concat((await body.toArray()) as Buffer[]);
          expect(got.equals(content.subarray(range.start ?? 0, range.end))).toBe(true);
        }
      });

      it('refuses to read another object than the one expected', async () => {
        await store.put('a', 'one');
        const { etag } = await headOf(store, 'a');
        expect((await readAll('a', { etag })).toString()).toBe('one');
        await store.put('a', 'two');
        for (const range of [{}, { start: 1 }, { start: 1, end: 1 }]) {
          await expect(store.get('a', { etag, ...range })).rejects.toMatchObject({
            code: 'SOURCE_CHANGED',
          });
        }
      });

      it('lets a reader stop in the middle', async () => {
        await store.put('a', randomBytes(2 * MIB));
        for (let i = 0; i < 100; i++) {
          const { body } = await store.get('a');
          if (i % 2 === 0) await once(body, 'readable');
          body.destroy();
          await once(body, 'close');
        }
        expect((await store.read('a')).length).toBe(2 * MIB);
      });
    });

    describe('streams', () => {
      it('takes and gives 20 MiB in bounded memory', async () => {
        const bytes = 20 * MIB;
        const written = createHash('sha256');
        await store.put(
          'big',
          Readable.from(pseudoRandom(bytes, (chunk) => written.update(chunk))),
        );
        const { info, body } = await store.get('big');
        const read = createHash('sha256');
        let largest = 0;
        for await (const chunk of body as AsyncIterable<Buffer>) {
          read.update(chunk);
          largest = Math.max(largest, chunk.length);
        }
        expect(info.bytes).toBe(bytes);
        expect(read.digest('hex')).toBe(written.digest('hex'));
        expect(largest).toBeLessThanOrEqual(MIB);
      });

      it('shows nothing of a stream that fails, and throws its error as it is', async () => {
        const failure = new Error('the source broke');
        const bytes = store.url.startsWith('s3:') ? 18 * MIB : MIB;
        async function* breaking() {
          yield* pseudoRandom(bytes, () => undefined);
          throw await Promise.resolve(failure);
        }
        await expect(store.put('broken', Readable.from(breaking()))).rejects.toBe(failure);
        expect(await store.head('broken')).toBeUndefined();
        expect(await store.list()).toEqual([]);
      });

      it('takes over a stream that has failed already', async () => {
        const failure = new Error('it never began');
        const source = new Readable({ read: () => undefined });
        const put = store.put('broken', source);
        source.destroy(failure);
        await expect(put).rejects.toBe(failure);
      });

      it('takes a stream of strings', async () => {
        await store.put('lines', Readable.from(['ä\n', 'b\n']));
        expect((await store.read('lines')).toString()).toBe('ä\nb\n');
      });
    });

    describe('create where absent', () => {
      it('creates once and then answers false', async () => {
        expect(await store.put('dir/a', 'first', { when: 'absent' })).toBe(true);
        expect(await store.put('dir/a', 'second', { when: 'absent' })).toBe(false);
        expect((await store.read('dir/a')).toString()).toBe('first');
        await store.delete(['dir/a']);
        expect(await store.put('dir/a', Buffer.from('third'), { when: 'absent' })).toBe(true);
        expect((await store.read('dir/a')).toString()).toBe('third');
      });

      it('has one winner among eight, whose content stays', async () => {
        for (let round = 0; round < 10; round++) {
          const key = `race/${round}/manifest.json`;
          const contents = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(1000 + i));
          const won = await Promise.all(
            contents.map((content) => store.put(key, content, { when: 'absent' })),
          );
          expect(won.filter(Boolean)).toHaveLength(1);
          expect((await store.read(key)).toString()).toBe(contents[won.indexOf(true)]);
        }
      });

      it('takes no stream', async () => {
        const source = Readable.from(['x']);
        await expect(store.put('a', source, { when: 'absent' })).rejects.toThrow(TypeError);
        expect(await store.head('a')).toBeUndefined();
      });

      it('is told by the probe, which leaves nothing', async () => {
        expect(await store.probe()).toEqual({ conditionalCreate: true });
        expect(await store.list()).toEqual([]);
      });
    });

    it('shows the old or the new object to a reader while it is replaced, never a mixture', async () => {
      const versions = Array.from({ length: 20 }, (_, i) => Buffer.alloc(200_000 + i, 97 + i));
      await store.put('a', versions[0] ?? '');
      let done = false;
      const reading = Array.from({ length: 3 }, async () => {
        let reads = 0;
        while (!done || reads === 0) {
          const content = await store.read('a').catch((error: unknown) => error);
          reads += 1;
          if (isChanged(content)) continue;
          expect(versions.some((version) => version.equals(content as Buffer))).toBe(true);
        }
      });
      for (const version of versions) await store.put('a', version);
      done = true;
      await Promise.all(reading);
      expect((await store.read('a')).equals(versions.at(-1) ?? Buffer.alloc(0))).toBe(true);
    });

    describe('list', () => {
      it('pages through 250 keys in the order of their bytes', async () => {
        const keys = Array.from({ length: 250 }, (_, i) => {
          const mark = ['x', '', '-', '.', '/deep/', '\uffe6', '😀'][i % 7] ?? '';
          return `list/${String(i * 7919).slice(-2)}${mark}${i}`;
        });
        await putAll(store, keys);
        await store.put('other', 'x');
        const found: string[] = [];
        const pages: number[] = [];
        for (let after: string | undefined; ; after = found.at(-1)) {
          const page = await store.list({ prefix: 'list/', after, limit: 100 });
          pages.push(page.length);
          found.push(...page.map(({ key }) => key));
          if (page.length < 100) break;
        }
        expect(pages).toEqual([100, 100, 50]);
        expect(found).toEqual(keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
        expect(found).toEqual([...found].sort(compareKeys));
        const [first] = await store.list({ prefix: 'list/', limit: 1 });
        const { bytes, etag } = await headOf(store, keys[0] ?? '');
        expect(first).toMatchObject({ key: keys[0], bytes, etag });
      });

      it('treats a prefix as the beginning of a key', async () => {
        const keys = ['a/1', 'a/10', 'a/2', 'a-b', 'a.txt', 'ab/c', 'a/1x/y'];
        await putAll(store, keys);
        const under = async (prefix: string, after?: string) =>
          (await store.list({ prefix, after })).map(({ key }) => key);
        expect(await under('')).toEqual(['a-b', 'a.txt', 'a/1', 'a/10', 'a/1x/y', 'a/2', 'ab/c']);
        expect(await under('a/')).toEqual(['a/1', 'a/10', 'a/1x/y', 'a/2']);
        expect(await under('a/1')).toEqual(['a/1', 'a/10', 'a/1x/y']);
        expect(await under('a/1x/')).toEqual(['a/1x/y']);
        expect(await under('a/1', 'a/10')).toEqual(['a/1x/y']);
        expect(await under('a/1', 'a/1x/a')).toEqual(['a/1x/y']);
        expect(await under('a/', 'a.txt')).toEqual(['a/1', 'a/10', 'a/1x/y', 'a/2']);
        expect(await under('', 'a/1x/z')).toEqual(['a/2', 'ab/c']);
        expect(await under('a', 'b')).toEqual([]);
        expect(await under('b')).toEqual([]);
        expect(await under('a/1/')).toEqual([]);
        expect(await under('none/at/all')).toEqual([]);
      });
    });

    describe('delete and copy', () => {
      it('deletes what is there and does not mind what is not', async () => {
        await putAll(store, ['a', 'b/c', 'b/d']);
        await store.delete(['a', 'b/c', 'none', 'b', 'b/c/d']);
        await store.delete([]);
        expect((await store.list()).map(({ key }) => key)).toEqual(['b/d']);
      });

      it('deletes more than one request takes', { timeout: 120_000 }, async () => {
        const keys = Array.from({ length: 1200 }, (_, i) => `many/${i % 7}/${i}`);
        await putAll(store, keys);
        await putAll(store, ['many-more', 'few/1']);
        await store.delete([...keys.slice(0, 1100), 'few/1']);
        expect(await store.list({ prefix: 'many/' })).toHaveLength(100);
        await store.deletePrefix('many/');
        expect((await store.list()).map(({ key }) => key)).toEqual(['many-more']);
        await store.deletePrefix('many/');
      });

      it('deletes a prefix only as a folder', async () => {
        await putAll(store, ['job-1/a', 'job-1/b/c', 'job-10/a']);
        await expect(store.deletePrefix('job-1')).rejects.toMatchObject({ code: 'PATH_FORBIDDEN' });
        await store.deletePrefix('job-1/');
        expect((await store.list()).map(({ key }) => key)).toEqual(['job-10/a']);
      });

      it('copies over what is there', async () => {
        const content = randomBytes(MIB);
        await store.put('from', content);
        await store.put('to/here', 'old');
        await store.copy('from', 'to/here');
        expect((await store.read('to/here')).equals(content)).toBe(true);
        expect((await store.read('from')).equals(content)).toBe(true);
      });
    });

    it('gives an address that anybody can read, or none', async () => {
      await store.put('a/talk.json', 'content');
      const fileName = 'Gespräch "1".json';
      const address = await store.presign('a/talk.json', { expiresSeconds: 60, fileName });
      if (store.url.startsWith('file:') || store.url.startsWith('s3://fake')) {
        expect(address).toBeUndefined();
        return;
      }
      const answer = await fetch(address ?? '');
      expect(await answer.text()).toBe('content');
      expect(answer.headers.get('content-disposition')).toBe(
        `attachment; filename="Gespr_ch _1_.json"; filename*=UTF-8''Gespr%C3%A4ch%20%221%22.json`,
      );
      await expect(store.presign('a', { expiresSeconds: 1e6 })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
    });

    it.each([
      '',
      '/',
      '/etc/passwd',
      '..',
      '../x',
      'a/../b',
      'a/..',
      './a',
      'a/.',
      'a//b',
      'a/',
      'a\\b',
      '..\\x',
      'a\0b',
      'a\nb',
      '\ud800',
      'x'.repeat(1025),
    ])('refuses the key %j', async (key) => {
      const refused = { code: 'PATH_FORBIDDEN', retryable: false };
      await expect(store.put(key, 'x')).rejects.toMatchObject(refused);
      await expect(store.put(key, 'x', { when: 'absent' })).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.read(key)).rejects.toMatchObject(refused);
      await expect(store.head(key)).rejects.toMatchObject(refused);
      await expect(store.delete(['ok', key])).rejects.toMatchObject(refused);
      await expect(store.copy(key, 'a')).rejects.toMatchObject(refused);
      await expect(store.presign(key, { expiresSeconds: 60 })).rejects.toMatchObject(refused);
      await store.put('a', 'x');
      await expect(store.copy('a', key)).rejects.toMatchObject(refused);
      expect((await store.list()).map((info) => info.key)).toEqual(['a']);
    });

    it.each(['/', '../', 'a/../b/', 'a//', '..', 'a\\', '/etc/'])(
      'refuses the prefix %j',
      async (prefix) => {
        const refused = { code: 'PATH_FORBIDDEN' };
        await expect(store.list({ prefix })).rejects.toMatchObject(refused);
        await expect(store.deletePrefix(prefix)).rejects.toMatchObject(refused);
      },
    );

    describe('abort', () => {
      const cancelled = { code: 'JOB_CANCELLED' };

      it('is heard before anything begins', async () => {
        await store.put('a', 'x');
        const signal = AbortSignal.abort();
        await expect(store.put('b', 'x', { signal })).rejects.toMatchObject(cancelled);
        await expect(store.put('b', 'x', { signal, when: 'absent' })).rejects.toMatchObject(
          cancelled,
        );
        await expect(store.get('a', { signal })).rejects.toMatchObject(cancelled);
        await expect(store.read('a', { signal })).rejects.toMatchObject(cancelled);
        await expect(store.head('a', signal)).rejects.toMatchObject(cancelled);
        await expect(store.list({ signal })).rejects.toMatchObject(cancelled);
        await expect(store.delete(['a'], signal)).rejects.toMatchObject(cancelled);
        await expect(store.deletePrefix('a/', signal)).rejects.toMatchObject(cancelled);
        await expect(store.copy('a', 'b', signal)).rejects.toMatchObject(cancelled);
        expect((await store.list()).map(({ key }) => key)).toEqual(['a']);
      });

      it('ends a put that waits for its stream, and nothing is seen of it', async () => {
        const abort = new AbortController();
        const bytes = store.url.startsWith('s3://contract') ? 17 * MIB : MIB;
        const source = Readable.from(
          (async function* () {
            yield* pseudoRandom(bytes, () => undefined);
            abort.abort();
            await new Promise<never>(() => undefined);
          })(),
        );
        await expect(store.put('a', source, { signal: abort.signal })).rejects.toMatchObject(
          cancelled,
        );
        expect(source.destroyed).toBe(true);
        expect(await store.list()).toEqual([]);
      });

      it('ends a body', async () => {
        await store.put('a', randomBytes(4 * MIB));
        const abort = new AbortController();
        const { body } = await store.get('a', { signal: abort.signal });
        await once(body, 'readable');
        abort.abort();
        await expect(body.toArray()).rejects.toMatchObject(cancelled);
      });
    });

    it('answers many at once', async () => {
      const keys = Array.from({ length: 200 }, (_, i) => `many/${i}`);
      await Promise.all(keys.map((key) => store.put(key, key)));
      const read = await Promise.all(keys.map(async (key) => (await store.read(key)).toString()));
      expect(read).toEqual(keys);
    });
  });
});

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

async function headOf(store: ObjectStore, key: string) {
  const info = await store.head(key);
  if (info === undefined) throw new Error(`There is no ${key}.`);
  return info;
}

function isChanged(value: unknown): boolean {
  return value instanceof Error && 'code' in value && value.code === 'SOURCE_CHANGED';
}

async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += 32) {
    await Promise.all(keys.slice(i, i + 32).map((key) => store.put(key, key)));
  }
}

/** So many bytes that do not repeat soon. */
function* pseudoRandom(bytes: number, onChunk: (chunk: Buffer) => void): Generator<Buffer> {
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
