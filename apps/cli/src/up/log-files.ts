// The logs of the fleet's parts: a file each, kept for the last few starts.

import { closeSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const KEPT_STARTS = 5;
const POLL_MS = 500;
const MAX_READ_BYTES = 256 * 1024;

/** `api.log` → `api.1.log` → … `api.5.log` → gone. */
export async function rotateLog(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const nameOf = (age: number) => (age === 0 ? path : path.replace(/\.log$/, `.${age}.log`));
  await rm(nameOf(KEPT_STARTS), { force: true });
  for (let age = KEPT_STARTS - 1; age >= 0; age--) {
    await rename(nameOf(age), nameOf(age + 1)).catch(() => undefined);
  }
}

/** Hands a file descriptor of the log to `use`, which gives it to a child process. */
export function withLogFile<Result>(path: string, use: (descriptor: number) => Result): Result {
  const descriptor = openSync(path, 'a', 0o600);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The last lines, as a person reads them. */
export async function readLogEnd(path: string, lines = 8): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => describeLogLine(line)?.text ?? line)
    .filter((line) => line !== '');
}

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string().default(''),
  code: z.string().optional(),
  err: z.looseObject({ message: z.string().default(''), code: z.string().optional() }).optional(),
});

/** A line that a part logged in JSON; undefined for anything else. */
export function describeLogLine(line: string): { level: string; text: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, msg, code, err } = lineSchema.parse(JSON.parse(line));
    const name = code ?? err?.code;
    const detail = err?.message && err.message !== msg ? `: ${err.message}` : '';
    return { level, text: `${name === undefined ? '' : `${name} `}${msg}${detail}` };
  } catch {
    return undefined;
  }
}

/** Tells what a part logs as an error, and what it writes that is no JSON, such as a crash. */
export function followErrors(path: string, onError: (text: string) => void): { close: () => void } {
  let position = 0;
  let rest = '';
  let isReading = false;
  const read = async () => {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return;
    try {
      const { size } = await file.stat();
      const length = Math.min(size - position, MAX_READ_BYTES);
      if (length <= 0) return;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      position += length;
      const lines = (rest + buffer.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const known = describeLogLine(line);
        if (known?.level === 'error' || known?.level === 'fatal') onError(known.text);
      }
    } finally {
      await file.close();
    }
  };
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void read()
      .catch(() => undefined)
      .finally(() => (isReading = false));
  }, POLL_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

export function logPathOf(dataDir: string, name: string): string {
  return join(dataDir, 'logs', `${name}.log`);
}
