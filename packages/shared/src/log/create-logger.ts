import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines with name, time and level; secrets in headers never appear. */
export function createLogger(
  name: string,
  { level = 'info', destination }: { level?: LogLevel; destination?: DestinationStream } = {},
): Log {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['req.headers.authorization', 'req.headers.cookie', '*.secret', '*.secretAccessKey'],
  };
  return destination ? pino(options, destination) : pino(options);
}
