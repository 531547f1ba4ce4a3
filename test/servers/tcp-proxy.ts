// A loopback TCP proxy in front of a server, which holds back what passes in one direction, or cuts all connections.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

type Direction = 'requests' | 'answers';

export type TcpHold = {
  /** What is held back. */
  direction: Direction;
  /** Text of a request with which it begins; that request is the first held, or the last that passes. */
  from: string;
  /** Which request with this text. @defaultValue 1 */
  nth?: number;
};

export type TcpProxy = {
  port: number;
  /** Holds from a request on that contains the text. Connections that are opened later pass. */
  hold: (hold: TcpHold) => void;
  /** Resolves when that request has come. */
  waitUntilHeld: () => Promise<void>;
  /** Counts requests that contain the text from now on. */
  watch: (text: string) => void;
  countWatched: () => number;
  /** Lets go on what is held, in its order, and all that comes. */
  release: () => void;
  /** Ends all connections, and forgets what is held. New ones pass. */
  cut: () => void;
  close: () => Promise<void>;
};

export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let held: { to: Socket; data: Buffer }[] = [];
  let hold: (TcpHold & { isOn: boolean; of: ReadonlySet<Socket>; toCome: number }) | undefined;
  let listeners: (() => void)[] = [];
  let watched: { text: string; count: number } | undefined;

  const pass = (direction: Direction, data: Buffer, { from, to }: { from: Socket; to: Socket }) => {
    if (watched && direction === 'requests' && data.includes(watched.text)) watched.count += 1;
    if (!hold?.of.has(from)) {
      to.write(data);
      return;
    }
    if (!hold.isOn && direction === 'requests' && data.includes(hold.from)) {
      hold.toCome -= 1;
      hold.isOn = hold.toCome === 0;
      if (hold.isOn) listeners.splice(0).forEach((listener) => listener());
    }
    if (hold.isOn && hold.direction === direction) held.push({ to, data });
    else to.write(data);
  };
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    for (const [socket, other, direction] of [
      [client, upstream, 'requests'],
      [upstream, client, 'answers'],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (data) => pass(direction, data, { from: socket, to: other }));
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    hold = undefined;
    held = [];
    sockets.forEach((socket) => socket.destroy());
  };

  return {
    port: (server.address() as AddressInfo).port,
    hold: (next) => {
      hold = { ...next, isOn: false, of: new Set(sockets), toCome: next.nth ?? 1 };
    },
    waitUntilHeld: () =>
      new Promise((resolve) => {
        if (hold?.isOn === true) resolve();
        else listeners.push(resolve);
      }),
    watch: (text) => (watched = { text, count: 0 }),
    countWatched: () => watched?.count ?? 0,
    release: () => {
      hold = undefined;
      held.splice(0).forEach(({ to, data }) => to.write(data));
    },
    cut,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
      listeners = [];
    },
  };
}
