import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchRecording } from './fetch-recording.js';

let server: Server;
let folder: string;
let port: number;
const seen: { url: string | undefined; authorization: string | undefined }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steno-fetch-'));
  server = createServer(({ url, headers }, response) => {
    seen.push({ url, authorization: headers.authorization });
    const location = new URL(url ?? '', 'http://x').searchParams.get('to');
    if (location === null) response.end('sound');
    else response.writeHead(302, { location }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (address: string) =>
  fetchRecording(address, { folder, signal: new AbortController().signal });
const redirect = (to: string) => get(`http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}`);

describe('fetchRecording', () => {
  it('sends the password of an address as a header, and to nobody it is sent on to', async () => {
    const to = encodeURIComponent(`http://127.0.0.1:${port}/next`);
    const fetched = await get(`http://anna:p%40ss@127.0.0.1:${port}/?to=${to}`);
    expect(fetched).toMatchObject({ kind: 'fetched', bytes: 5 });
    expect(seen.splice(0).map(({ authorization }) => authorization)).toEqual([
      `Basic ${Buffer.from('anna:p@ss').toString('base64')}`,
      undefined,
    ]);
  });

  it.each(['file:///etc/passwd', 'http://[bad', 'ftp://x/y'])(
    'refuses to be sent to %s',
    async (to) => {
      await expect(redirect(to)).rejects.toMatchObject({
        code: 'SOURCE_NOT_FOUND',
        message: `127.0.0.1:${port} redirects in circles or to no http(s) address.`,
      });
    },
  );
});
