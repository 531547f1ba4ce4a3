import { createServer } from 'node:net';
import { CliError } from '../cli-error.js';
import { getSystemErrorCode } from '../describe-error.js';

type Listening = { port: number } | { refusal: string };

/** A free port, or the one wanted. @throws CliError `PORT_TAKEN` */
export async function choosePort(host: string, wanted: number): Promise<number> {
  const result = await tryListening(host, wanted);
  if ('port' in result) return result.port;
  const reason =
    {
      EADDRINUSE: 'another program listens there',
      EACCES: 'no permission (ports below 1024 are the system’s)',
      EADDRNOTAVAIL: 'this machine has no such address',
      ENOTFOUND: 'there is no such host',
    }[result.refusal] ?? result.refusal;
  throw new CliError(
    'PORT_TAKEN',
    `The API cannot listen on ${host} port ${wanted}: ${reason}. Name another with --port, or any free one with --port 0.`,
  );
}

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return 'port' in (await tryListening(host, port));
}

function tryListening(host: string, port: number): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve({ refusal: getSystemErrorCode(error) ?? error.message }),
    );
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() =>
        resolve({ port: address !== null && typeof address === 'object' ? address.port : port }),
      );
    });
  });
}
