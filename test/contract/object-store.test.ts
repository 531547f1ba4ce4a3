// The storage port on every implementation: content, streams, conditional creation, cancelling.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { type ObjectStore } from '@stenofleet/shared/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  headOf,
  implementations,
  MIB,
  type Opened,
  pseudoRandom,
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

function isChanged(value: unknown): boolean {
  return value instanceof Error && 'code' in value && value.code === 'SOURCE_CHANGED';
}
