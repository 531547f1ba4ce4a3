// Recordings over HTTP: what is asked, whom, and where a redirect or DNS may lead.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSourceReader,
  type SourceReader,
  type WebSourceOptions,
} from '@stenofleet/shared/source';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  readTestCertificate,
  type RecordingServer,
  sendRecording,
  startRecordingServer,
  startTlsRecordingServer,
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

const redirectTo =
  (location: string): Answer =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();

describe('a recording', () => {
  it('is inspected and downloaded, and its file removed on release', async () => {
    const server = await start(sendContent);
    const reader = createReader(['127.0.0.1']);
    const uri = `${server.url}/shows/Talk%201.mp3?sig=x#t=4`;
    const info = await reader.inspect(uri);
    expect(info).toEqual({
      uri: `${server.url}/shows/Talk%201.mp3?sig=x`,
      name: 'Talk 1.mp3',
      bytes: content.length,
      etag: 'v1',
    });
    const source = await reader.obtain(uri, { folder, etag: info.etag });
    expect(source).toMatchObject(info);
    expect((await readFile(source.path)).equals(content)).toBe(true);
    expect(await readdir(folder)).toEqual([
      expect.stringMatching(new RegExp(`^${process.pid}-[0-9a-f-]{36}$`)),
    ]);
    await source.release();
    await source.release();
    for (const { headers } of server.requests) {
      expect(headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'stenofleet' });
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('authorization');
    }
  });

  it('is inspected where the server knows no HEAD', async () => {
    const server = await start((request, response) => {
      if (request.method === 'HEAD') response.writeHead(403).end();
      else sendContent(request, response);
    });
    const info = await createReader(['127.0.0.1']).inspect(`${server.url}/a.mp3`);
    expect(info).toMatchObject({ bytes: content.length, etag: 'v1' });
    expect(server.requests.at(-1)?.headers.range).toBe('bytes=0-0');
  });

  it('without a strong ETag is told apart by date and length, or not at all', async () => {
    const modified = 'Wed, 21 Oct 2015 07:28:00 GMT';
    const server = await start((request, response) => {
      const headers = request.url === '/none' ? {} : { etag: 'W/"x"', 'last-modified': modified };
      response.writeHead(200, { ...headers, 'content-length': 3 }).end('abc');
    });
    const reader = createReader(['127.0.0.1']);
    const info = await reader.inspect(`${server.url}/weak`);
    expect(info.etag).toBe(`lm:${Date.parse(modified)}:3`);
    expect(await reader.inspect(`${server.url}/none`)).not.toHaveProperty('etag');
  });

  it('that is another by now is refused before it is downloaded', async () => {
    const server = await start(sendContent);
    const obtained = createReader(['127.0.0.1']).obtain(server.url, { folder, etag: 'v0' });
    await expect(obtained).rejects.toMatchObject(coded('SOURCE_CHANGED'));
  });

  it.each([
    [401, 'SOURCE_FORBIDDEN'],
    [403, 'SOURCE_FORBIDDEN'],
    [404, 'SOURCE_NOT_FOUND'],
    [410, 'SOURCE_NOT_FOUND'],
    [300, 'SOURCE_NOT_FOUND'],
    [204, 'SOURCE_NOT_FOUND'],
    [408, 'SOURCE_UNAVAILABLE'],
    [429, 'SOURCE_UNAVAILABLE'],
    [503, 'SOURCE_UNAVAILABLE'],
  ])('behind status %i is %s', async (status, code) => {
    const server = await start((_request, response) => void response.writeHead(status).end());
    const reader = createReader(['127.0.0.1']);
    const uri = `${server.url}/a.mp3?sig=hunter2`;
    await expect(reader.inspect(uri)).rejects.toMatchObject(coded(code, /^(?!.*hunter2)/));
    await expect(reader.obtain(uri, { folder })).rejects.toMatchObject(coded(code));
  });
});

describe('a redirect', () => {
  it('is followed, with nothing of the first host told to the second', async () => {
    const target = await start(sendContent);
    const server = await start((_request, response) => {
      response.writeHead(307, { location: `${target.url}/b?x`, 'set-cookie': 'a=b' }).end();
    });
    const reader = createReader(['127.0.0.1']);
    const source = await reader.obtain(`${server.url}/a.mp3`, { folder });
    expect(source).toMatchObject({ name: 'a.mp3', uri: `${server.url}/a.mp3` });
    await source.release();
    expect(target.requests[0]?.headers).not.toHaveProperty('cookie');
    expect(target.requests[0]?.headers).not.toHaveProperty('referer');
    expect(target.requests[0]?.headers.host).toBe(`127.0.0.1:${target.port}`);
  });

  const locations = readFileSync(
    new URL('../fixtures/hostile/sources.jsonl', import.meta.url),
    'utf8',
  )
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { input: string; kind: string; resolves?: string[] })
    // What stands for a path of the same server, or is no header value, is none of these.
    .filter(({ input }) => /^[a-z][a-z0-9+.-]*:/i.test(input) && !/[^\u0020-\u007e]/.test(input))
    .filter(({ input, kind }) => kind !== 'prefix' && !/^https?:(?!\/\/)/.test(input))
    // Node of the server trims; a space is harmless once encoded in a path.
    .filter(({ input }) => !input.includes(' ') && !input.includes('${root}'));

  it('to any of the hostile addresses is refused, and none of them connected to', async () => {
    let location = '';
    const server = await start((_request, response) => {
      response.writeHead(302, { location }).end();
    });
    const secret = await start(sendContent);
    const reader = createReader([`127.0.0.1:${server.port}`], {
      resolve: (host) =>
        Promise.resolve(
          locations.find(({ input, resolves }) => resolves && new URL(input).hostname === host)
            ?.resolves ?? ['127.0.0.1'],
        ),
    });
    expect(locations.length).toBeGreaterThan(100);
    for (const target of [...locations, { input: `${secret.url}/` }]) {
      location = target.input;
      await expect(reader.inspect(server.url), location).rejects.toMatchObject(
        coded('SOURCE_FORBIDDEN'),
      );
    }
    expect(server.requests.length).toBe(locations.length + 1);
    expect(secret.requests).toEqual([]);
  });

  it('in circles, or one too many, is given up', async () => {
    let hops = 0;
    const server = await start((request, response) => {
      hops++;
      const left = Number(request.url?.slice(1));
      if (request.url === '/loop') redirectTo('/loop')(request, response);
      else if (left > 0) redirectTo(`/${left - 1}`)(request, response);
      else sendContent(request, response);
    });
    const reader = createReader(['127.0.0.1']);
    await expect(reader.inspect(`${server.url}/loop`)).rejects.toMatchObject(
      coded('SOURCE_NOT_FOUND', /redirects/),
    );
    expect(hops).toBe(6);
    await expect(reader.inspect(`${server.url}/5`)).resolves.toMatchObject({ etag: 'v1' });
    await expect(reader.inspect(`${server.url}/6`)).rejects.toMatchObject(
      coded('SOURCE_NOT_FOUND'),
    );
  });
});

describe('TLS', () => {
  async function startTls(answer: Answer): Promise<RecordingServer> {
    const server = await startTlsRecordingServer(answer);
    closers.push(server.close);
    return server;
  }
  const ca = readTestCertificate();
  const resolve = () => Promise.resolve(['127.0.0.1']);
  const allowed = ['recordings.test', 'other.test', '127.0.0.1'];

  it('is checked against the name in the address, not the address it resolves to', async () => {
    const { port } = await startTls(sendContent);
    const reader = createReader(allowed, { resolve, ca });
    const info = await reader.inspect(`https://recordings.test:${port}/a.mp3`);
    expect(info.bytes).toBe(content.length);
    for (const host of ['other.test', '127.0.0.1']) {
      await expect(reader.inspect(`https://${host}:${port}/`)).rejects.toMatchObject(
        coded('SOURCE_UNAVAILABLE', /ALTNAME/),
      );
    }
    const untrusting = createReader(allowed, { resolve });
    await expect(untrusting.inspect(`https://recordings.test:${port}/`)).rejects.toMatchObject(
      coded('SOURCE_UNAVAILABLE', /SELF_SIGNED/),
    );
  });

  it('is not left by a redirect', async () => {
    const plain = await start(sendContent);
    const { port } = await startTls(redirectTo(`${plain.url}/a.mp3`));
    const reader = createReader(allowed, { resolve, ca });
    await expect(reader.inspect(`https://recordings.test:${port}/`)).rejects.toMatchObject(
      coded('SOURCE_FORBIDDEN', /unencrypted/),
    );
    expect(plain.requests).toEqual([]);
  });
});

describe('DNS', () => {
  it('is asked once: a name that changes its address while it is used changes nothing', async () => {
    const server = await start((request, response) => {
      const cutAt = request.headers.range === undefined ? 2_000_000 : Infinity;
      sendRecording(request, { response, body: content, cutAt });
    });
    const answers = [['127.0.0.1'], ['169.254.169.254'], ['10.0.0.1']];
    const asked: string[] = [];
    const reader = createReader([`pinned.test:${server.port}`], {
      resolve: (host) => Promise.resolve(answers[asked.push(host) - 1] ?? []),
    });
    const uri = `http://pinned.test:${server.port}/a.mp3`;
    const source = await reader.obtain(uri, { folder });
    await source.release();
    // The body broke off and was resumed on a second connection.
    expect(server.requests.length).toBe(2);
    expect(asked).toEqual(['pinned.test']);
    expect(server.requests[0]?.headers.host).toBe(`pinned.test:${server.port}`);
    await expect(reader.inspect(uri)).rejects.toMatchObject(coded('SOURCE_FORBIDDEN'));
    expect(server.requests.length).toBe(2);
  });

  it('that answers with a private address for a public name ends the matter', async () => {
    const server = await start(sendContent);
    const reader = createReader([], { resolve: () => Promise.resolve(['127.0.0.1']) });
    const uri = `http://rebind.example.org:${server.port}/`;
    await expect(reader.inspect(uri)).rejects.toMatchObject(
      coded('SOURCE_FORBIDDEN', /^(?!.*127\.)/),
    );
    await expect(reader.obtain(uri, { folder })).rejects.toMatchObject(coded('SOURCE_FORBIDDEN'));
    expect(server.requests).toEqual([]);
  });

  it('that answers with several addresses has the next one tried where one is not served', async () => {
    const server = await start(sendContent);
    const reader = createReader([`pinned.test:${server.port}`], {
      resolve: () => Promise.resolve(['::1', '127.0.0.2', '127.0.0.1']),
    });
    const info = await reader.inspect(`http://pinned.test:${server.port}/a.mp3`);
    expect(info.bytes).toBe(content.length);
  });

  it('that fails, or answers nothing, or never, is told as unavailable', async () => {
    const uri = 'https://example.org/';
    const resolvers: NonNullable<WebSourceOptions['resolve']>[] = [
      () => Promise.reject(new Error('queryA SERVFAIL 10.0.0.53')),
      () => Promise.resolve([]),
      () => new Promise(() => undefined),
    ];
    for (const resolve of resolvers) {
      const reader = createReader([], { resolve, connectTimeoutMs: 20 });
      await expect(reader.inspect(uri)).rejects.toMatchObject(
        coded('SOURCE_UNAVAILABLE', /^(?!.*10\.0)/),
      );
    }
  });
});
