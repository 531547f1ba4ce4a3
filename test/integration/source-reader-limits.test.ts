// Recordings over HTTP from servers that break off, stall, lie or never end.

import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  createSourceReader,
  type SourceReader,
  type WebSourceOptions,
} from '@stenofleet/shared/source';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type RecordingServer,
  sendRecording,
  startRawServer,
  startRecordingServer,
} from '../servers/recording-server.js';

const content = randomBytes(3_000_000);
const coded = (code: string, message = /./) => ({
  code,
  message: expect.stringMatching(message) as string,
});

let folder: string;
let closers: (() => Promise<unknown>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-reader-'));
  closers = [];
});
afterEach(async () => {
  await Promise.all(closers.map((close) => close()));
  // Whatever happened, no download stays behind.
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

async function start(answer: Answer): Promise<RecordingServer> {
  const server = await startRecordingServer(answer);
  closers.push(server.close);
  return server;
}

function createReader(
  allowPrivateHosts: string[],
  http: Omit<WebSourceOptions, 'allowPrivateHosts'> = {},
): SourceReader {
  return createSourceReader({
    fileRoots: [],
    http: { allowPrivateHosts, retryDelayMs: 1, ...http },
  });
}

const sendContent: Answer = (request, response) => {
  sendRecording(request, { response, body: content });
};

describe('a body', () => {
  it('that breaks off is resumed where it ended', async () => {
    const cuts = [1_000_000, 1_000_000, 2_500_000, Infinity];
    const server = await start((request, response) => {
      const cutAt = cuts[server.requests.length - 1] ?? Infinity;
      sendRecording(request, { response, body: content, cutAt });
    });
    const source = await createReader(['127.0.0.1']).obtain(server.url, { folder, etag: 'v1' });
    expect((await readFile(source.path)).equals(content)).toBe(true);
    await source.release();
    const [first, ...rest] = server.requests.map(({ headers }) => headers);
    expect(first).not.toHaveProperty('range');
    expect(rest.map((headers) => headers['if-range'])).toEqual(['"v1"', '"v1"', '"v1"']);
    expect(rest.every(({ range }) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  });

  it('of another version is not joined to the first: all is fetched anew, or refused', async () => {
    const other = randomBytes(2_000_000);
    const answer: Answer = (request, response) => {
      if (request.headers.range === undefined) {
        sendRecording(request, { response, body: content, cutAt: 1_000_000 });
      } else sendRecording(request, { response, body: other, etag: '"v2"' });
    };
    const server = await start(answer);
    const reader = createReader(['127.0.0.1']);
    const source = await reader.obtain(server.url, { folder });
    expect(source.etag).toBe('v2');
    expect((await readFile(source.path)).equals(other)).toBe(true);
    await source.release();
    await expect(reader.obtain(server.url, { folder, etag: 'v1' })).rejects.toMatchObject(
      coded('SOURCE_CHANGED'),
    );
  });

  it('whose server sends another part than asked for is fetched anew', async () => {
    const server = await start((request, response) => {
      if (request.headers.range === undefined) {
        const cutAt = server.requests.length === 1 ? 1_000_000 : Infinity;
        sendRecording(request, { response, body: content, cutAt });
        return;
      }
      const range = `bytes 5-9/${content.length}`;
      response.writeHead(206, { etag: '"v1"', 'content-range': range }).end('wrong');
    });
    const source = await createReader(['127.0.0.1']).obtain(server.url, { folder });
    expect((await readFile(source.path)).equals(content)).toBe(true);
    await source.release();
  });

  it('without anything to tell its version by is fetched from its beginning', async () => {
    const server = await start((_request, response) => {
      response.writeHead(200, { 'content-length': 6 });
      if (server.requests.length === 1) response.write('abc', () => response.destroy());
      else response.end('uvwxyz');
    });
    const source = await createReader(['127.0.0.1']).obtain(server.url, { folder });
    expect(await readFile(source.path, 'utf8')).toBe('uvwxyz');
    await source.release();
    expect(server.requests[1]?.headers).not.toHaveProperty('range');
  });

  it('that breaks off again and again is given up', async () => {
    const server = await start((request, response) => {
      sendRecording(request, { response, body: content, cutAt: 9 });
    });
    const obtained = createReader(['127.0.0.1']).obtain(server.url, { folder });
    await expect(obtained).rejects.toMatchObject(coded('SOURCE_UNAVAILABLE'));
    expect(server.requests.length).toBeLessThanOrEqual(10);
  });

  it('that is said to be too large is refused at once', async () => {
    const server = await start(sendContent);
    const reader = createReader(['127.0.0.1'], { maxBytes: content.length - 1 });
    await expect(reader.inspect(server.url)).rejects.toMatchObject(coded('SOURCE_TOO_LARGE'));
    const obtained = reader.obtain(server.url, { folder });
    await expect(obtained).rejects.toMatchObject(coded('SOURCE_TOO_LARGE'));
  });

  it('that turns out to be too large is cut, whatever the server said', async () => {
    const server = await start((_request, response) => {
      const more = () => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more);
      };
      more();
    });
    const obtained = createReader(['127.0.0.1'], { maxBytes: 200_000 }).obtain(server.url, {
      folder,
    });
    await expect(obtained).rejects.toMatchObject(coded('SOURCE_TOO_LARGE', /200000 bytes/));
  });

  it('that is compressed is refused, and never unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const server = await start((request, response) => {
      const headers =
        request.url === '/transfer'
          ? { 'transfer-encoding': 'gzip, chunked' }
          : { 'content-encoding': 'GZip', 'content-length': bomb.length };
      response.writeHead(200, headers).end(bomb);
    });
    const reader = createReader(['127.0.0.1'], { maxBytes: 10_000_000 });
    for (const path of ['/content', '/transfer']) {
      const uri = `${server.url}${path}`;
      await expect(reader.inspect(uri)).rejects.toMatchObject(coded('SOURCE_INVALID', /compress/));
      await expect(reader.obtain(uri, { folder })).rejects.toMatchObject(
        coded('SOURCE_INVALID', /compress/),
      );
    }
  });
});

describe('a server that', () => {
  it('takes a connection and says nothing is left after the idle limit', async () => {
    const server = await start(() => undefined);
    const reader = createReader(['127.0.0.1'], { idleTimeoutMs: 30 });
    await expect(reader.inspect(server.url)).rejects.toMatchObject(
      coded('SOURCE_UNAVAILABLE', /does not answer/),
    );
  });

  it('takes a connection and never finishes the TLS handshake is left after the connect limit', async () => {
    const server = await startRawServer(() => undefined);
    closers.push(server.close);
    const reader = createReader(['127.0.0.1'], { connectTimeoutMs: 50 });
    const uri = server.url.replace('http:', 'https:');
    await expect(reader.inspect(uri)).rejects.toMatchObject(
      coded('SOURCE_UNAVAILABLE', /cannot be connected to/),
    );
  });

  it('falls silent within the body is asked for the rest', async () => {
    const server = await start((request, response) => {
      if (request.headers.range !== undefined) {
        sendContent(request, response);
        return;
      }
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      response.write(content.subarray(0, 100_000));
    });
    const reader = createReader(['127.0.0.1'], { idleTimeoutMs: 50 });
    const source = await reader.obtain(server.url, { folder });
    expect((await readFile(source.path)).equals(content)).toBe(true);
    await source.release();
  });

  it('drips for ever is left after the total limit', async () => {
    const server = await start((_request, response) => {
      const drip = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(drip));
    });
    const reader = createReader(['127.0.0.1'], { idleTimeoutMs: 5_000, totalTimeoutMs: 150 });
    await expect(reader.obtain(server.url, { folder })).rejects.toMatchObject(
      coded('SOURCE_UNAVAILABLE', /longer than 0\.15 s/),
    );
    expect(server.requests.length).toBe(1);
  });

  it('drips its head for ever is left after the idle limit', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-a: b\r\n'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    closers.push(server.close);
    const reader = createReader(['127.0.0.1'], { idleTimeoutMs: 60 });
    await expect(reader.obtain(server.url, { folder })).rejects.toMatchObject(
      coded('SOURCE_UNAVAILABLE', /does not answer/),
    );
    expect(server.sockets.length).toBe(1);
  });

  it.each([
    ['sends a head without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['speaks another protocol', 'SSH-2.0-x\r\n'],
    ['hangs up', ''],
    ['sends two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
  ])('%s is unavailable', async (_what, head) => {
    const server = await startRawServer((socket) => socket.end(head));
    closers.push(server.close);
    const obtained = createReader(['127.0.0.1']).obtain(server.url, { folder });
    await expect(obtained).rejects.toMatchObject(coded('SOURCE_UNAVAILABLE'));
  });

  it('is no longer wanted is left at once, at whatever stage', async () => {
    const controllers = { head: new AbortController(), body: new AbortController() };
    const server = await start((request, response) => {
      if (request.url === '/head') {
        controllers.head.abort();
        return;
      }
      response.writeHead(200, { 'content-length': 9 });
      response.write('abc', () => controllers.body.abort());
    });
    const reader = createReader(['127.0.0.1']);
    for (const stage of ['head', 'body'] as const) {
      const { signal } = controllers[stage];
      const obtained = reader.obtain(`${server.url}/${stage}`, { folder, signal });
      await expect(obtained).rejects.toMatchObject(coded('JOB_CANCELLED'));
    }
    const never = reader.inspect(server.url, AbortSignal.abort());
    await expect(never).rejects.toMatchObject(coded('JOB_CANCELLED'));
    expect(server.requests.length).toBe(2);
  });
});
