// The storage port on every implementation: keys, lists, deleting, copying, addresses.

import { randomBytes } from 'node:crypto';
import { compareKeys, type ObjectStore } from '@stenofleet/shared/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  headOf,
  implementations,
  MIB,
  type Opened,
  putAll,
} from './object-store-implementations.js';

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
  });
});
