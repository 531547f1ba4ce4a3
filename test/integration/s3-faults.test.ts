// What the S3 store does when the network and the server fail, against a real radosgw and a real Redis.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import {
  createRedisLock,
  createS3Client,
  createS3Store,
  type ObjectStore,
  openStore,
  type S3Settings,
  serveThroughLock,
} from '@stenofleet/shared/storage';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type FaultyProxy,
  type ProxiedRequest,
  startFaultyProxy,
} from '../servers/faulty-proxy.js';
import {
  isRedisServerAvailable,
  type RedisServer,
  startRedisServer,
} from '../servers/redis-server.js';
import { isS3ServerAvailable, type S3Server, startS3Server } from '../servers/s3-server.js';

const MIB = 1024 * 1024;
const BUCKET = 'faults';

const isGet = ({ method }: ProxiedRequest) => method === 'GET';
const isPut = ({ method }: ProxiedRequest) => method === 'PUT';

describe.skipIf(!isS3ServerAvailable())('S3 store', () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  let store: ObjectStore;
  const content = randomBytes(8 * MIB);

  const open = (settings: S3Settings = {}) => {
    const { accessKeyId, secretAccessKey, region } = server;
    return createS3Store({
      url: `s3://${BUCKET}/dir`,
      endpoint: proxy.url,
      region,
      credentials: { accessKeyId, secretAccessKey },
      idleTimeoutMs: 400,
      maxAttempts: 2,
      ...settings,
    });
  };

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket(BUCKET);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await startFaultyProxy(server.endpoint);
    store = open();
    return async () => {
      await store.close();
      await proxy.close();
    };
  });

  async function readAll(body: Readable): Promise<Buffer> {
    return Buffer.concat((await body.toArray()) as Buffer[]);
  }

  const gets = () => proxy.requests.filter(isGet).map(({ headers }) => headers.range);

  describe('a body', () => {
    it.each(['cut', 'stall'] as const)(
      'resumes by range with the ETag where the connection is %s',
      async (kind) => {
        await store.put('a', content);
        proxy.setMode({ kind, afterBytes: MIB, times: 3, matching: isGet });
        const { info, body } = await store.get('a');
        expect((await readAll(body)).equals(content)).toBe(true);
        const [first, ...rest] = proxy.requests.filter(isGet);
        expect(first?.headers).not.toHaveProperty('range');
        expect(rest.map(({ headers }) => headers.range)).toEqual(
          [1, 2, 3].map((mib) => `bytes=${mib * MIB}-`),
        );
        for (const { headers } of rest) expect(headers['if-match']).toBe(`"${info.etag}"`);
      },
    );

    it('keeps to the end of the range that was asked for', async () => {
      await store.put('a', content);
      proxy.setMode({ kind: 'cut', afterBytes: 1000, times: 1, matching: isGet });
      const { body } = await store.get('a', { start: 500, end: 5000 });
      expect((await readAll(body)).equals(content.subarray(500, 5000))).toBe(true);
      expect(gets()).toEqual(['bytes=500-4999', 'bytes=1500-4999']);
    });

    it('resumes after the gateway was killed and started again', async () => {
      await store.put('a', content);
      proxy.setMode({ kind: 'stall', afterBytes: 3 * MIB, times: 1, matching: isGet });
      const { body } = await store.get('a');
      await once(body, 'readable');
      await server.kill();
      await server.restart();
      expect((await readAll(body)).equals(content)).toBe(true);
    });

    it('is given up where connection after connection brings nothing', async () => {
      await store.put('a', content);
      proxy.setMode({ kind: 'cut', afterBytes: 0, matching: isGet });
      const { body } = await store.get('a');
      await expect(readAll(body)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
      });
      expect(gets()).toHaveLength(3);
    });

    it('fails with SOURCE_CHANGED where the object is another when it resumes', async () => {
      await store.put('a', content);
      proxy.setMode({ kind: 'stall', afterBytes: MIB, times: 1, matching: isGet });
      const { body } = await store.get('a');
      await once(body, 'readable');
      await store.put('a', randomBytes(8 * MIB));
      await expect(readAll(body)).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
        retryable: false,
      });
    });

    it('fails with STORE_NOT_FOUND where the object is gone when it resumes', async () => {
      await store.put('a', content);
      proxy.setMode({ kind: 'stall', afterBytes: MIB, times: 1, matching: isGet });
      const { body } = await store.get('a');
      await once(body, 'readable');
      await store.delete(['a']);
      await expect(readAll(body)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    });

    it('that drips slower than the idle time-out as a whole, but never pauses so long, passes', async () => {
      await store.put('a', content.subarray(0, 20_000));
      proxy.setMode({ kind: 'drip', bytes: 1000, pauseMs: 30, matching: isGet });
      expect((await store.read('a')).equals(content.subarray(0, 20_000))).toBe(true);
      expect(gets()).toHaveLength(1);
    });

    it('leaves no connection busy when its reader stops', async () => {
      await store.put('a', content);
      for (let i = 0; i < 20; i++) {
        const { body } = await store.get('a');
        if (i % 2 === 0) await once(body, 'readable');
        body.destroy();
      }
      // One may idle, to be used again.
      await expect.poll(() => proxy.openConnections()).toBeLessThanOrEqual(1);
      await store.close();
      await expect.poll(() => proxy.openConnections()).toBe(0);
    });

    it('frees its connection for the next when it was read', async () => {
      await store.put('a', 'small');
      for (let i = 0; i < 20; i++) await store.read('a');
      expect(await proxy.openConnections()).toBe(1);
    });
  });

  describe('a request', () => {
    it('is tried again after 503 and succeeds', async () => {
      proxy.setMode({ kind: 'answer', status: 503, code: 'SlowDown', times: 1 });
      expect(await store.put('a', 'x')).toBe(true);
      proxy.setMode({ kind: 'reset', times: 1 });
      expect((await store.read('a')).toString()).toBe('x');
    });

    it.each([
      { kind: 'answer', status: 503, code: 'SlowDown' },
      { kind: 'answer', status: 500, code: 'InternalError' },
      { kind: 'answer', status: 429, code: 'TooManyRequests' },
      { kind: 'reset' },
      { kind: 'silent' },
    ] as const)('is STORE_UNAVAILABLE after its tries: %j', async (mode) => {
      await store.put('a', 'x');
      const before = proxy.requests.length;
      proxy.setMode(mode);
      const unavailable = { code: 'STORE_UNAVAILABLE', retryable: true };
      await expect(store.put('a', 'y')).rejects.toMatchObject(unavailable);
      expect(proxy.requests.length - before).toBe(2);
      await expect(store.put('b', 'y', { when: 'absent' })).rejects.toMatchObject(unavailable);
      await expect(store.get('a')).rejects.toMatchObject(unavailable);
      await expect(store.head('a')).rejects.toMatchObject(unavailable);
      await expect(store.list()).rejects.toMatchObject(unavailable);
      await expect(store.delete(['a', 'b'])).rejects.toMatchObject(unavailable);
      await expect(store.copy('a', 'b')).rejects.toMatchObject(unavailable);
      await expect(store.probe()).rejects.toMatchObject(unavailable);
    });

    it('is ended by its signal while the server is silent', async () => {
      const patient = open({ idleTimeoutMs: 60_000 });
      for (const ask of [
        (signal: AbortSignal) => patient.head('a', signal),
        (signal: AbortSignal) => patient.put('a', 'x', { signal }),
        (signal: AbortSignal) => patient.put('a', Readable.from(['x']), { signal }),
        (signal: AbortSignal) => patient.get('a', { signal }),
      ]) {
        const abort = new AbortController();
        proxy.setMode({
          kind: 'silent',
          matching: () => {
            setImmediate(() => abort.abort());
            return true;
          },
        });
        await expect(ask(abort.signal)).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
      }
      await patient.close();
    });

    it('times out on a server that hangs, and serves when it goes on', async () => {
      await store.put('a', 'x');
      server.suspend();
      try {
        await expect(store.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await expect(store.put('b', 'x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      } finally {
        server.resume();
      }
      expect((await store.read('a')).toString()).toBe('x');
    });

    it('fails while the server is down, and finds everything when it is back', async () => {
      await store.put('a', 'x');
      await server.kill();
      const direct = open({ endpoint: server.endpoint });
      await expect(direct.read('a')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining('ECONNREFUSED') as string,
      });
      await server.restart();
      expect((await direct.read('a')).toString()).toBe('x');
      await direct.close();
    });

    it.each([
      ['a wrong secret', { accessKeyId: 'stenofleet', secretAccessKey: 'wrong' }],
      ['an unknown key', { accessKeyId: 'nobody', secretAccessKey: 'wrong' }],
    ])('with %s is STORE_FORBIDDEN, and tells no secret', async (_what, credentials) => {
      const other = open({ credentials });
      const forbidden = { code: 'STORE_FORBIDDEN', retryable: false };
      await expect(other.put('a', 'x')).rejects.toMatchObject(forbidden);
      await expect(other.put('a', 'x', { when: 'absent' })).rejects.toMatchObject(forbidden);
      await expect(other.put('a', Readable.from(['x']))).rejects.toMatchObject(forbidden);
      await expect(other.get('a')).rejects.toMatchObject(forbidden);
      await expect(other.head('a')).rejects.toMatchObject(forbidden);
      await expect(other.list()).rejects.toMatchObject(forbidden);
      await expect(other.delete(['a', 'b'])).rejects.toMatchObject(forbidden);
      const error: unknown = await other.read('a').catch((reason: unknown) => reason);
      expect(String(error)).not.toContain(credentials.secretAccessKey);
      await other.close();
    });

    it('for a bucket that is not there says so', async () => {
      const other = createS3Store({
        url: 's3://no-such-bucket',
        endpoint: proxy.url,
        credentials: server,
      });
      const missing = {
        code: 'STORE_NOT_FOUND',
        message: expect.stringContaining('no such bucket') as string,
      };
      await expect(other.put('a', 'x')).rejects.toMatchObject(missing);
      await expect(other.get('a')).rejects.toMatchObject(missing);
      await expect(other.list()).rejects.toMatchObject(missing);
      await other.close();
    });
  });

  describe('a stream', () => {
    async function unfinishedUploads(): Promise<number> {
      const { endpoint, region, accessKeyId, secretAccessKey } = server;
      const client = createS3Client({
        endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey },
      });
      const { Uploads = [] } = await client.send(
        new ListMultipartUploadsCommand({ Bucket: BUCKET }),
      );
      client.destroy();
      return Uploads.length;
    }

    const isPart = ({ path }: ProxiedRequest) => path.includes('partNumber=');
    const twentyMib = () => Readable.from([0, 1, 2, 3, 4].map((i) => Buffer.alloc(4 * MIB, i)));

    it('is sent in parts, and a part that failed is sent again', async () => {
      proxy.setMode({ kind: 'answer', status: 503, code: 'SlowDown', times: 2, matching: isPart });
      await store.put('parts', twentyMib());
      expect(proxy.requests.filter(isPart).map(({ kind }) => kind)).toHaveLength(4);
      const { info, body } = await store.get('parts');
      expect(info.bytes).toBe(20 * MIB);
      expect((await readAll(body)).equals(await readAll(twentyMib()))).toBe(true);
    });

    it('that cannot be sent leaves neither an object nor parts', async () => {
      proxy.setMode({ kind: 'answer', status: 503, code: 'SlowDown', matching: isPart });
      const source = twentyMib();
      await expect(store.put('broken', source)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      expect(source.destroyed).toBe(true);
      expect(await store.head('broken')).toBeUndefined();
      expect(await unfinishedUploads()).toBe(0);
    });

    it('that is cancelled half-way leaves neither an object nor parts', async () => {
      const abort = new AbortController();
      proxy.setMode({
        kind: 'pass',
        matching: (request) => {
          if (isPart(request)) abort.abort();
          return true;
        },
      });
      const put = store.put('cancelled', twentyMib(), { signal: abort.signal });
      await expect(put).rejects.toMatchObject({ code: 'JOB_CANCELLED' });
      expect(await store.head('cancelled')).toBeUndefined();
      expect(await unfinishedUploads()).toBe(0);
    });

    it('is copied in parts where it is large', async () => {
      const other = open({});
      const inParts = createS3Store({
        url: other.url,
        endpoint: proxy.url,
        credentials: server,
        maxCopyBytes: 6 * MIB,
      });
      await inParts.put('from', twentyMib());
      await inParts.copy('from', 'to & there');
      expect(
        proxy.requests.filter(({ headers }) => headers['x-amz-copy-source-range']),
      ).toHaveLength(4);
      const { body } = await inParts.get('to & there');
      expect((await readAll(body)).equals(await readAll(twentyMib()))).toBe(true);
      await inParts.close();
      await other.close();
    });
  });

  describe('conditional creation', () => {
    it('knows its own object again where the answer to the first try was lost', async () => {
      proxy.setMode({ kind: 'lose-answer', times: 1, matching: isPut });
      expect(await store.put('lost', 'mine', { when: 'absent' })).toBe(true);
      expect(proxy.requests.filter(isPut)).toHaveLength(2);
      proxy.setMode({ kind: 'reset', times: 1, matching: isPut });
      expect(await store.put('lost', 'other', { when: 'absent' })).toBe(false);
      expect((await store.read('lost')).toString()).toBe('mine');
    });

    it('is tried again where two creates met', async () => {
      proxy.setMode({
        kind: 'answer',
        status: 409,
        code: 'ConditionalRequestConflict',
        times: 2,
        matching: isPut,
      });
      expect(await store.put('met', 'x', { when: 'absent' })).toBe(true);
    });

    const hasCondition = ({ headers }: ProxiedRequest) => headers['if-none-match'] !== undefined;
    const refusesConditions = {
      kind: 'answer',
      status: 501,
      code: 'NotImplemented',
      matching: hasCondition,
    } as const;

    it('is found to be missing by the probe, and such a store is not opened without a lock', async () => {
      proxy.setMode(refusesConditions);
      expect(await store.probe()).toEqual({ conditionalCreate: false });
      const s3 = { endpoint: proxy.url, credentials: server };
      await expect(openStore(`s3://${BUCKET}/dir`, { s3 })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
      proxy.setMode({ kind: 'pass' });
      const opened = await openStore(`s3://${BUCKET}/dir`, { s3 });
      expect(await opened.list({ prefix: 'scratch/' })).toEqual([]);
      await opened.close();
    });

    describe.skipIf(!isRedisServerAvailable())('through a lock in Redis', () => {
      let redisServer: RedisServer;
      let redis: Redis;
      const prefix = '{test}:lock:';

      beforeAll(async () => {
        redisServer = await startRedisServer();
        redis = new Redis(redisServer.url, {
          maxRetriesPerRequest: 1,
          retryStrategy: () => 20,
        });
        redis.on('error', () => undefined);
      });
      afterAll(async () => {
        redis.disconnect();
        await redisServer.stop();
      });

      it('serves a store that has none', async () => {
        proxy.setMode(refusesConditions);
        const lock = createRedisLock(redis, { prefix });
        const s3 = { endpoint: proxy.url, credentials: server };
        const opened = await Promise.all(
          Array.from({ length: 8 }, () => openStore(`s3://${BUCKET}/locked`, { s3, lock })),
        );
        const won = await Promise.all(
          opened.map((each, i) => each.put('manifest', `${i}`, { when: 'absent' })),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await opened[0]?.read('manifest'))?.toString()).toBe(`${won.indexOf(true)}`);
        expect(await redis.keys('*')).toEqual([]);
        await Promise.all(opened.map((each) => each.close()));
      });

      it('waits for a holder that died only as long as the lock lives', async () => {
        await redis.set(`${prefix}name`, 'somebody', 'PX', 300);
        const lock = createRedisLock(redis, { prefix, ttlMs: 300 });
        expect(await lock.hold('name', () => Promise.resolve('done'))).toBe('done');
      });

      it('gives up on a holder that stays', async () => {
        await redis.set(`${prefix}name`, 'somebody', 'PX', 60_000);
        const lock = createRedisLock(redis, { prefix, waitMs: 100 });
        await expect(lock.hold('name', () => Promise.resolve())).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
        });
        expect(await redis.del(`${prefix}name`)).toBe(1);
      });

      it('is extended while it is held, and nobody else gets it', async () => {
        const lock = createRedisLock(redis, { prefix, ttlMs: 150 });
        const order: string[] = [];
        const slow = lock.hold('name', async () => {
          const from = await redis.get(`${prefix}name`);
          // Its time is renewed: it grows from one question to the next.
          let last = await redis.pttl(`${prefix}name`);
          for (let renewals = 0; renewals < 5;) {
            const now = await redis.pttl(`${prefix}name`);
            if (now > last) renewals += 1;
            last = now;
          }
          expect(await redis.get(`${prefix}name`)).toBe(from);
          order.push('slow');
        });
        const second = lock.hold('name', () => Promise.resolve(order.push('second')));
        await Promise.all([slow, second]);
        expect(order).toEqual(['slow', 'second']);
      });

      it('ends the work where the lock was lost', async () => {
        const lock = createRedisLock(redis, { prefix, ttlMs: 150 });
        const held = lock.hold('name', async (signal) => {
          await redis.set(`${prefix}name`, 'a thief', 'PX', 60_000);
          await once(signal, 'abort');
        });
        await expect(held).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        // What another holds is not released.
        expect(await redis.get(`${prefix}name`)).toBe('a thief');
        await redis.del(`${prefix}name`);
      });

      it('ends the work where Redis stops answering, and says so to the next', async () => {
        const lock = createRedisLock(redis, { prefix, ttlMs: 300 });
        const fake = serveThroughLock(createFakeObjectStore({ conditionalCreate: false }), lock);
        await expect(
          lock.hold('name', async (signal) => {
            await redisServer.kill();
            await once(signal, 'abort');
          }),
        ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        await expect(fake.put('a', 'x', { when: 'absent' })).rejects.toMatchObject({
          code: 'REDIS_UNAVAILABLE',
          retryable: true,
        });
        await redisServer.restart();
        await expect.poll(() => redis.status).toBe('ready');
        expect(await fake.put('a', 'x', { when: 'absent' })).toBe(true);
        expect(await fake.put('a', 'y', { when: 'absent' })).toBe(false);
      });
    });
  });
});
