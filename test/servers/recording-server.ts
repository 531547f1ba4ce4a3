// HTTP servers on loopback that hand out a recording, well or badly.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type RecordingServer = {
  url: string;
  port: number;
  /** In the order in which they came; the one being answered is the last. */
  requests: IncomingMessage[];
  close: () => Promise<void>;
};

const fixture = (name: string) => new URL(`../fixtures/hostile/tls/${name}`, import.meta.url);

/** Of `recordings.test`; PEM. */
export function readTestCertificate(): string {
  return readFileSync(fixture('certificate.pem'), 'utf8');
}

export function startRecordingServer(answer: Answer): Promise<RecordingServer> {
  return listen(createServer(), { answer, scheme: 'http' });
}

export function startTlsRecordingServer(answer: Answer): Promise<RecordingServer> {
  const server = createTlsServer({
    key: readFileSync(fixture('key.pem')),
    cert: readTestCertificate(),
  });
  return listen(server, { answer, scheme: 'https' });
}

/** A server that speaks what it likes. */
export async function startRawServer(
  answer: (socket: Socket) => void,
): Promise<Pick<RecordingServer, 'url' | 'close'> & { sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    // Clients of these leave without a farewell.
    socket.on('error', () => undefined).resume();
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, sockets, close };
}

export type SendOptions = {
  body: Buffer;
  /** @defaultValue '"v1"' */
  etag?: string;
  /** Place in the recording at which the connection breaks. @defaultValue never */
  cutAt?: number;
};

/** Answers HEAD, ranges and If-Range as a well-behaved server does, up to where it is cut. */
export function sendRecording(
  request: IncomingMessage,
  { response, body, etag = '"v1"', cutAt = Infinity }: SendOptions & { response: ServerResponse },
): void {
  const isCurrent = (request.headers['if-range'] ?? etag) === etag;
  const range = isCurrent ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null;
  const first = Number(range?.[1] ?? 0);
  const last = range?.[2] ? Number(range[2]) : body.length - 1;
  response.writeHead(range === null ? 200 : 206, {
    etag,
    'content-length': last - first + 1,
    ...(range !== null && { 'content-range': `bytes ${first}-${last}/${body.length}` }),
  });
  if (request.method === 'HEAD') response.end();
  else if (cutAt > last) response.end(body.subarray(first, last + 1));
  else response.write(body.subarray(first, Math.max(first + 1, cutAt)), () => response.destroy());
}

async function listen(
  server: Server | ReturnType<typeof createTlsServer>,
  { answer, scheme }: { answer: Answer; scheme: string },
): Promise<RecordingServer> {
  const requests: IncomingMessage[] = [];
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const { port } = server.address() as AddressInfo;
  return { url: `${scheme}://127.0.0.1:${port}`, port, requests, close };
}
