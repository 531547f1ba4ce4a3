import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApiClient } from './api-client.js';
import { listPages } from './list-pages.js';
import { followEvents, type ServerEvent } from './read-events.js';

let server: Server | undefined;
const { signal } = new AbortController();
const answer = z.object({ id: z.string() });

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with each of these in turn, the last one for ever. */
function serveInTurn(answers: readonly { status: number; body: unknown; retryAfter?: string }[]) {
  const seen: { method: string | undefined; key: string | undefined }[] = [];
  const listener: RequestListener = ({ method, headers }, response) => {
    const { status, body, retryAfter } = answers[Math.min(seen.length, answers.length - 1)] ?? {
      status: 500,
      body: {},
    };
    seen.push({ method, key: headers.authorization });
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    });
    response.end(JSON.stringify(body));
  };
  return { seen, listener };
}

const refusal = (code: string, retryable = false) => ({
  error: { code, message: `Because of ${code}.`, retryable, requestId: 'r1' },
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

describe('the API client', () => {
  it('sends the key and parses the answer', async () => {
    const { seen, listener } = serveInTurn([{ status: 200, body: { id: 'j1' } }]);
    const client = createApiClient({ url: `${await serve(listener)}/`, key: 'secret', signal });
    expect(await client.request('/v1/jobs/j1', answer)).toEqual({ id: 'j1' });
    expect(seen).toEqual([{ method: 'GET', key: 'Bearer secret' }]);
  });

  it('waits as long as Retry-After says, and asks again', async () => {
    const pauses: number[] = [];
    const { seen, listener } = serveInTurn([
      { status: 503, body: refusal('REDIS_UNAVAILABLE', true), retryAfter: '3' },
      { status: 200, body: { id: 'j1' } },
    ]);
    const client = createApiClient({
      url: await serve(listener),
      signal,
      pause: (ms) => {
        pauses.push(ms);
        return Promise.resolve();
      },
    });
    expect(await client.request('/', answer)).toEqual({ id: 'j1' });
    expect(pauses).toEqual([3_000]);
    expect(seen).toHaveLength(2);
  });

  it('sends what may not be sent twice only once', async () => {
    const { seen, listener } = serveInTurn([
      { status: 503, body: refusal('STORE_UNAVAILABLE', true) },
    ]);
    const client = createApiClient({ url: await serve(listener), signal });
    const asking = client.request('/', answer, { method: 'POST', json: {} });
    await expect(asking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(seen).toHaveLength(1);
  });

  it('tells a refusal with the API’s own code, sentence and field, at once', async () => {
    const { error } = refusal('SOURCE_INVALID');
    const { seen, listener } = serveInTurn([
      { status: 400, body: { error: { ...error, field: 'source' } } },
    ]);
    const client = createApiClient({ url: await serve(listener), signal });
    await expect(client.request('/', answer)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'Because of SOURCE_INVALID. (source)',
      status: 400,
    });
    expect(seen).toHaveLength(1);
  });

  it('asks whether the fleet runs where nothing listens', async () => {
    const url = await serve(() => undefined);
    server?.close();
    const client = createApiClient({ url, signal, maxTries: 2, pause: () => Promise.resolve() });
    await expect(client.request('/', answer)).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      message: expect.stringContaining('Is "steno up" running?') as string,
    });
  });

  it('says so where somebody else answers', async () => {
    const url = await serve((_request, response) => response.end('<html>'));
    const client = createApiClient({ url, signal });
    await expect(client.request('/', answer)).rejects.toMatchObject({ code: 'API_UNSUITABLE' });
  });

  it('reads page after page, up to the limit', async () => {
    const url = await serve((request, response) => {
      const cursor = Number(new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? 0);
      response.end(JSON.stringify({ items: [cursor, cursor + 1], next: String(cursor + 2) }));
    });
    const client = createApiClient({ url, signal });
    const schema = z.object({ items: z.array(z.number()), next: z.string().optional() });
    const found: number[] = [];
    for await (const item of listPages(client, '/', { schema, limit: 4 })) found.push(item);
    expect(found).toEqual([0, 1, 2, 3]);
  });
});

describe('followEvents', () => {
  it('goes on behind the last event after a lost connection, and ends with `end`', async () => {
    const from: (string | string[] | undefined)[] = [];
    const url = await serve(({ headers }, response) => {
      from.push(headers['last-event-id']);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (from.length === 1) {
        response.write(
          ':\n\nid: 1-0\nevent: snapshot\ndata: {"id":"b1"}\n\nid: 2-0\nevent: job.do',
        );
        setImmediate(() => response.destroy());
      } else {
        response.end('id: 2-0\nevent: job.done\ndata: {"job":"j1"}\n\nevent: end\ndata: {}\n\n');
      }
    });
    const client = createApiClient({ url, signal });
    const events: ServerEvent[] = [];
    let troubles = 0;
    const following = followEvents(client, '/events', {
      signal,
      pauseMs: 1,
      onTrouble: () => troubles++,
    });
    for await (const event of following) events.push(event);
    expect(events).toEqual([
      { id: '1-0', type: 'snapshot', data: { id: 'b1' } },
      { id: '2-0', type: 'job.done', data: { job: 'j1' } },
      { id: undefined, type: 'end', data: {} },
    ]);
    expect(from).toEqual([undefined, '1-0']);
    expect(troubles).toBe(1);
  });
});
