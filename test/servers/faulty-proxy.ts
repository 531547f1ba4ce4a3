// A loopback HTTP proxy in front of a server, which does to connections what networks and stores do on a bad day.

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
} from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export type FaultyMode =
  /** Everything passes. */
  | { kind: 'pass' }
  /** The answer's body ends after so many bytes, and the connection with it. */
  | { kind: 'cut'; afterBytes: number }
  /** The answer's body falls silent after so many bytes; the connection stays. */
  | { kind: 'stall'; afterBytes: number }
  /** The request is taken and never answered. */
  | { kind: 'silent' }
  /** Answered here, with an S3 error of this code; the server behind sees nothing. */
  | { kind: 'answer'; status: number; code: string }
  /** The server does the request, and its answer is lost. */
  | { kind: 'lose-answer' }
  /** The connection ends at once. */
  | { kind: 'reset' }
  /** The answer's body comes in pieces of so many bytes, with a pause before each. */
  | { kind: 'drip'; bytes: number; pauseMs: number }
  /** The request waits here, whole, until it is released or dropped; released, it arrives even if its client has left. */
  | { kind: 'hold' }
  /** The server does the request; its answer waits here until it is released or dropped. */
  | { kind: 'hold-answer' };

export type FaultyRule = FaultyMode & {
  /** How many requests it befalls before all passes again. @defaultValue until switched */
  times?: number;
  /** Which requests it befalls. @defaultValue all */
  matching?: (request: ProxiedRequest) => boolean;
};

export type ProxiedRequest = {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** What befell it. */
  kind: FaultyMode['kind'];
};

export type FaultyProxy = {
  url: string;
  port: number;
  setMode: (rule: FaultyRule) => void;
  /** Resolves when something is being held, now or later. */
  waitUntilHeld: () => Promise<void>;
  /** Lets go on what is held, and all that comes. */
  release: () => void;
  /** What is held never arrives; all that comes passes. */
  drop: () => void;
  /** All requests so far, oldest first. */
  requests: readonly ProxiedRequest[];
  /** Connections that clients hold open. */
  openConnections: () => Promise<number>;
  /** Ends all connections. Idempotent. */
  close: () => Promise<void>;
};

export async function startFaultyProxy(upstream: string): Promise<FaultyProxy> {
  const target = new URL(upstream);
  const requests: ProxiedRequest[] = [];
  let rule: FaultyRule = { kind: 'pass' };
  let left = Infinity;
  const gate = createGate();
  const passAll = () => {
    rule = { kind: 'pass' };
    left = Infinity;
  };

  function modeFor(request: Omit<ProxiedRequest, 'kind'>): FaultyMode {
    const { matching = () => true, ...mode } = rule;
    if (left <= 0 || !matching({ ...request, kind: mode.kind })) return { kind: 'pass' };
    left -= 1;
    return mode;
  }

  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const mode = modeFor({ method, path, headers });
    requests.push({ method, path, headers, kind: mode.kind });
    request.on('error', () => undefined);
    if (mode.kind === 'reset') request.socket.destroy();
    else if (mode.kind === 'silent') request.resume();
    else if (mode.kind === 'answer') answer(request, response, mode);
    else if (mode.kind === 'hold') void hold(request, response).catch(() => undefined);
    else forward(request, response, { target, mode, gate });
  });
  const hold = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    if ((await gate.enter()) === 'drop') request.socket.destroy();
    else forward(request, response, { target, mode: { kind: 'pass' }, gate, body });
  };
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    setMode: (next) => {
      rule = next;
      left = next.times ?? Infinity;
    },
    waitUntilHeld: () => gate.held(),
    release: () => {
      passAll();
      gate.open('go');
    },
    drop: () => {
      passAll();
      gate.open('drop');
    },
    openConnections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    close: async () => {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code }: { status: number; code: string },
): void {
  request.resume();
  request.once('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(
      request.method === 'HEAD'
        ? undefined
        : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
    );
  });
}

type Gate = {
  /** Resolves when the gate is opened, with what is to become of who waits. */
  enter: () => Promise<'go' | 'drop'>;
  open: (outcome: 'go' | 'drop') => void;
  /** Resolves when somebody waits. */
  held: () => Promise<void>;
};

function createGate(): Gate {
  let waiting: ((outcome: 'go' | 'drop') => void)[] = [];
  let listeners: (() => void)[] = [];
  return {
    enter: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        listeners.splice(0).forEach((listener) => listener());
      }),
    open: (outcome) => {
      const opened = waiting;
      waiting = [];
      listeners = [];
      opened.forEach((resolve) => resolve(outcome));
    },
    held: () =>
      new Promise((resolve) => {
        if (waiting.length > 0) resolve();
        else listeners.push(resolve);
      }),
  };
}

type Forwarding = {
  target: URL;
  mode: FaultyMode;
  gate: Gate;
  /** Of a request that was read here. @defaultValue what the client sends */
  body?: Buffer;
};

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { target, mode, gate, body }: Forwarding,
): void {
  const { method, url: path, headers } = request;
  const onward = sendRequest(
    // The host stays as the client wrote it: it is part of what it signed.
    { host: target.hostname, port: target.port, method, path, headers, agent: false },
    (incoming) => {
      if (mode.kind === 'lose-answer') {
        incoming.resume();
        incoming.once('close', () => request.socket.destroy());
        return;
      }
      const give = async () => {
        if (mode.kind === 'hold-answer' && (await gate.enter()) === 'drop') {
          request.socket.destroy();
          return;
        }
        response.writeHead(incoming.statusCode ?? 502, incoming.headers);
        await deliver(incoming, response, mode);
      };
      void give().catch(() => response.destroy());
    },
  );
  onward.on('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  if (body === undefined) request.pipe(onward);
  else onward.end(body);
}

async function deliver(
  incoming: IncomingMessage,
  response: ServerResponse,
  mode: FaultyMode,
): Promise<void> {
  let left = mode.kind === 'cut' || mode.kind === 'stall' ? mode.afterBytes : Infinity;
  // Only what has left may be counted on to arrive before the connection ends.
  const write = (piece: Buffer) =>
    new Promise<void>((resolve) => void response.write(piece, () => resolve()));
  response.flushHeaders();
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    const wanted = chunk.subarray(0, left);
    left -= wanted.length;
    if (mode.kind === 'drip') {
      for (let i = 0; i < wanted.length; i += mode.bytes) {
        await delay(mode.pauseMs);
        await write(wanted.subarray(i, i + mode.bytes));
      }
    } else {
      await write(wanted);
    }
    if (left > 0) continue;
    if (mode.kind === 'cut') response.destroy();
    // `stall`: the client, or the end of the proxy, closes the connection.
    return;
  }
  response.end();
}
