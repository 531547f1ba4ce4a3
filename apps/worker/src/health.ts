// Liveness, readiness and metrics over HTTP.

import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** Redis answers within this, or the host is not ready. */
const PING_PATIENCE_MS = 2_000;

export type HealthOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  ping: () => Promise<unknown>;
  isReady: () => boolean;
  printMetrics: () => Promise<{ text: string; contentType: string }>;
};

type Answer = { status: number; text: string; contentType?: string };

export type HealthServer = { port: number; close: () => Promise<void> };

/** Serves `/healthz` (it runs), `/readyz` (it takes work, and Redis answers) and `/metrics`. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { host, port, ping, isReady, printMetrics } = options;
  const answer = async (path: string): Promise<Answer> => {
    switch (path) {
      case '/healthz':
        // Nothing is asked of others: a Redis that is away is no reason to end all workers.
        return { status: 200, text: 'ok' };
      case '/readyz':
        if (!isReady()) return { status: 503, text: 'takes no work' };
        return (await answersInTime(ping))
          ? { status: 200, text: 'ready' }
          : { status: 503, text: 'Redis does not answer' };
      case '/metrics':
        return { status: 200, ...(await printMetrics()) };
      default:
        return { status: 404, text: 'There are /healthz, /readyz and /metrics.' };
    }
  };
  const server = createServer((request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?');
    answer(path).then(
      (found) => send(response, found),
      () => send(response, { status: 500, text: 'It failed.' }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answersInTime(ping: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PING_PATIENCE_MS);
  });
  const asked = ping().then(
    () => true,
    () => false,
  );
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

function send(
  response: ServerResponse,
  { status, text, contentType = 'text/plain; charset=utf-8' }: Answer,
): void {
  response.writeHead(status, { 'content-type': contentType }).end(`${text}\n`);
}
