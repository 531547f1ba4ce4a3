// The wire of server-sent events: one response, written in order, given up when its reader is too slow.

import { type ServerResponse } from 'node:http';

/** What may wait for a reader; one that falls behind is cut off, and resumes with `Last-Event-ID`. */
const MAX_WAITING_BYTES = 2 ** 20;
const HEARTBEAT_MS = 15_000;

export type Message = {
  /** Absent: the reader's place in the stream stays as it is. */
  id?: string;
  event: string;
  data: unknown;
};

export type EventChannel = {
  send: (message: Message) => void;
  /** Ends it orderly: the reader is not to come back. */
  end: () => void;
  /** Breaks it off: the reader comes back and resumes. */
  cut: () => void;
  readonly isClosed: boolean;
  /** Called once when the response has ended, whoever ended it. */
  onClose: (action: () => void) => void;
};

/** Writes the head. */
export function openEventChannel(
  response: ServerResponse,
  { heartbeatMs = HEARTBEAT_MS }: { heartbeatMs?: number } = {},
): EventChannel {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    // nginx holds answers back otherwise.
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  // The head goes out at once: some proxies wait for the first byte of the body.
  response.write(':\n\n');
  let isClosed = false;
  const write = (text: string) => {
    if (isClosed) return;
    response.write(text);
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
  };
  const heart = setInterval(() => write(':\n\n'), heartbeatMs);
  const actions: (() => void)[] = [];
  response.once('close', () => {
    isClosed = true;
    clearInterval(heart);
    actions.forEach((action) => action());
  });
  // A connection that breaks off is no news: `close` follows.
  response.on('error', () => undefined);
  return {
    send: ({ id, event, data }) =>
      write(
        `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
      ),
    end: () => {
      if (!isClosed) response.end();
    },
    cut: () => {
      response.destroy();
    },
    get isClosed() {
      return isClosed;
    },
    onClose: (action) => {
      if (isClosed) action();
      else actions.push(action);
    },
  };
}
