// What the S3 store does when the network and the server fail, against a real radosgw and a real Redis.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import {
  createS3Client,
  createS3Store,
  type ObjectStore,
  type S3Settings,
} from '@stenofleet/shared/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type FaultyProxy,
  type ProxiedRequest,
  startFaultyProxy,
} from '../servers/faulty-proxy.js';
import { isS3ServerAvailable, type S3Server, startS3Server } from '../servers/s3-server.js';

const MIB = 1024 * 1024;
const BUCKET = 'faults';

const isGet = ({ method }: ProxiedRequest) => method === 'GET';

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
});
