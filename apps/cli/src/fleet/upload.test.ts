import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient } from './api-client.js';
import { uploadFile } from './upload-file.js';
import { openUploadLedger } from './upload-ledger.js';

const { signal } = new AbortController();
const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
let folder = '';
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steno-upload-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('uploadFile', () => {
  it('streams a form, tells how far it is, and tries again after a 503', async () => {
    const bodies: string[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('latin1').on('data', (text: string) => (body += text));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(bodies.length === 1 ? 503 : 201);
        const refused = { code: 'STORE_UNAVAILABLE', message: 'Away.', retryable: true };
        const upload = { source: `upload:t/${sha256}/a.mp3`, name: 'a.mp3', bytes: 5, sha256 };
        response.end(JSON.stringify(bodies.length === 1 ? { error: refused } : upload));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const path = join(folder, 'a.mp3');
    await writeFile(path, 'hello');
    const sent: number[] = [];
    const client = createApiClient({ url, signal });
    const onProgress = (bytes: number) => sent.push(bytes);
    const upload = await uploadFile(path, client, { bytes: 5, signal, onProgress });
    expect(upload.source).toBe(`upload:t/${sha256}/a.mp3`);
    expect(sent).toEqual([5, 5]);
    expect(bodies[1]).toContain('name="file"; filename="a.mp3"');
    expect(bodies[1]).toContain('\r\n\r\nhello\r\n--steno-');
  });
});

describe('the upload ledger', () => {
  const now = () => new Date(1_000_000);

  it('knows what was sent, also under another name, and forgets what is of another API', async () => {
    const ledgerPath = join(folder, 'uploads.jsonl');
    const [a, b] = [join(folder, 'a.mp3'), join(folder, 'b c.mp3')];
    await Promise.all([a, b].map((path) => writeFile(path, 'hello')));
    const file = { path: a, bytes: 5, modifiedMs: 1 };
    const first = await openUploadLedger(ledgerPath, { api: 'http://one', now });
    expect(await first.find(file)).toBeUndefined();
    const source = `upload:t/${sha256}/a.mp3`;
    await first.add(file, { source, name: 'a.mp3', bytes: 5, sha256 });

    const again = await openUploadLedger(ledgerPath, { api: 'http://one', now });
    expect(await again.find(file)).toBe(source);
    expect(await again.find({ path: b, bytes: 5, modifiedMs: 2 })).toBe(
      `upload:t/${sha256}/b%20c.mp3`,
    );
    await writeFile(b, 'other');
    expect(await again.find({ path: b, bytes: 5, modifiedMs: 3 })).toBeUndefined();
    const elsewhere = await openUploadLedger(ledgerPath, { api: 'http://two', now });
    expect(await elsewhere.find(file)).toBeUndefined();
  });
});
