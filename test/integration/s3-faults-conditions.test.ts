// Conditional creation on S3 when answers are lost, and where the store has none: a lock in a real Redis.

import { once } from 'node:events';
import {
  createRedisLock,
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

const BUCKET = 'faults';

const isPut = ({ method }: ProxiedRequest) => method === 'PUT';

describe.skipIf(!isS3ServerAvailable())('S3 store', () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  let store: ObjectStore;

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
