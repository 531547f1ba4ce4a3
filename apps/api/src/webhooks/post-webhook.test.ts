import { createAddressPolicy } from '@stenofleet/shared/source';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPostWebhook } from './post-webhook.js';

let server: Server | undefined;

async function listen(listener: RequestListener): Promise<number> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const policy = createAddressPolicy(['127.0.0.1', 'allowed.test']);
const request = { headers: { 'content-type': 'application/json' }, body: '{}' };

describe('createPostWebhook', () => {
  it('connects to the address that was checked, and keeps the first KiB of the answer', async () => {
    const port = await listen((_request, response) => response.end('ä'.repeat(5000)));
    const post = createPostWebhook({ policy, resolve: () => Promise.resolve(['127.0.0.1']) });
    const answer = await post({ ...request, url: `http://allowed.test:${port}/` });
    expect(answer).toMatchObject({ status: 200, response: 'ä'.repeat(512) });
  });

  it('does not follow a redirect', async () => {
    let count = 0;
    const port = await listen((_request, response) => {
      count++;
      response.writeHead(302, { location: '/again' }).end();
    });
    const answer = await createPostWebhook({ policy })({
      ...request,
      url: `http://127.0.0.1:${port}/`,
    });
    expect(answer.status).toBe(302);
    expect(count).toBe(1);
  });

  it.each([
    ['http://10.0.0.1/', ['10.0.0.1']],
    ['http://public.example.org/', ['169.254.169.254']],
    ['file:///etc/passwd', []],
    ['http://user:secret@allowed.test/', ['127.0.0.1']],
  ])('refuses %s at %j', async (url, addresses) => {
    const post = createPostWebhook({ policy, resolve: () => Promise.resolve(addresses) });
    const answer = await post({ ...request, url });
    expect(answer.status).toBeUndefined();
    expect(answer.error).not.toContain('secret');
  });

  it('gives up on a receiver that does not answer, or never ends', async () => {
    const port = await listen((incoming, response) => {
      if (incoming.url === '/drip') response.write('x');
    });
    const post = createPostWebhook({ policy, timeoutMs: 100 });
    for (const path of ['silent', 'drip']) {
      const answer = await post({ ...request, url: `http://127.0.0.1:${port}/${path}` });
      expect(answer.error).toContain('no answer within');
    }
  });
});
