import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type EventChannel, openEventChannel } from './event-channel.js';

let server: Server | undefined;

async function open(options?: {
  heartbeatMs: number;
}): Promise<{ channel: EventChannel; response: IncomingMessage }> {
  let resolveChannel: (channel: EventChannel) => void = () => undefined;
  const opened = new Promise<EventChannel>((resolve) => (resolveChannel = resolve));
  server = createServer((_request, response) =>
    resolveChannel(openEventChannel(response, options)),
  );
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve) =>
    get({ port, host: '127.0.0.1' }, resolve),
  );
  return { channel: await opened, response };
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

describe('openEventChannel', () => {
  it('writes messages so that a line break in the data breaks nothing', async () => {
    const { channel, response } = await open();
    channel.send({ id: '1-0', event: 'job.done', data: { name: 'a\n\nevent: b' } });
    channel.send({ event: 'end', data: null });
    channel.end();
    let text = '';
    for await (const part of response as AsyncIterable<Buffer>) text += part.toString();
    expect(text).toBe(
      ':\n\nid: 1-0\nevent: job.done\ndata: {"name":"a\\n\\nevent: b"}\n\nevent: end\ndata: null\n\n',
    );
  });

  it('gives signs of life', async () => {
    const { response } = await open({ heartbeatMs: 5 });
    let text = '';
    for await (const part of response as AsyncIterable<Buffer>) {
      text += part.toString();
      if (text.length >= 9) break;
    }
    expect(text).toMatch(/^(?::\n\n)+$/);
  });

  it('cuts off a reader that does not read', async () => {
    const { channel, response } = await open();
    response.pause();
    const closed = new Promise<void>((resolve) => channel.onClose(resolve));
    const data = 'x'.repeat(64 * 1024);
    // The system's own buffers take some megabytes first.
    for (let i = 0; i < 2_000 && !channel.isClosed; i++) {
      channel.send({ event: 'job.progress', data });
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.on('error', () => undefined);
    await closed;
    expect(channel.isClosed).toBe(true);
  });

  it('tells when its reader has gone', async () => {
    const { channel, response } = await open();
    response.on('error', () => undefined);
    response.destroy();
    await new Promise<void>((resolve) => channel.onClose(resolve));
    expect(channel.isClosed).toBe(true);
  });
});
