// Lines of a manifest of any length, in bounded memory.

import { CodedError } from '@stenofleet/shared/errors';

export const MAX_LINE_BYTES = 64 * 1024;
export const MAX_LINES = 1_000_000;

const LINE_FEED = 0x0a;

/** `number` counts from 1, blank lines included. */
export type Line =
  | { number: number; text: string; problem?: never }
  | { number: number; text?: never; problem: string };

/**
 * UTF-8 lines without their ends (LF or CRLF) and without the byte order mark; blank ones are left out. One that cannot be
 * read (too long, no UTF-8, a NUL in it) comes as its problem, and the next is not affected.
 * @throws CodedError `MANIFEST_INVALID`: another encoding, compressed, or more than a million lines
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let isOverlong = false;
  let number = 0;
  let isFirst = true;
  for await (const chunk of chunks) {
    let start = 0;
    if (isFirst) {
      // Two bytes at least tell an encoding; a stream may bring fewer.
      if (rest.length + chunk.length < 4) {
        rest = Buffer.concat([rest, chunk]);
        continue;
      }
      rest = refuseForeign(Buffer.concat([rest, chunk]));
      isFirst = false;
    } else {
      rest = isOverlong ? chunk : rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    }
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED, start)) {
      const line = toLine(rest.subarray(start, end), { number: ++number, isOverlong });
      if (number > MAX_LINES) throw tooMany();
      if (line !== undefined) yield line;
      isOverlong = false;
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > MAX_LINE_BYTES + 2) isOverlong = true;
    if (isOverlong) rest = Buffer.alloc(0);
  }
  if (isFirst) rest = refuseForeign(rest);
  if (rest.length === 0 && !isOverlong) return;
  const last = toLine(rest, { number: ++number, isOverlong });
  if (number > MAX_LINES) throw tooMany();
  if (last !== undefined) yield last;
}

function toLine(
  bytes: Buffer,
  { number, isOverlong }: { number: number; isOverlong: boolean },
): Line | undefined {
  if (isOverlong || bytes.length > MAX_LINE_BYTES + 1) {
    return { number, problem: `it is longer than ${MAX_LINE_BYTES / 1024} KiB` };
  }
  if (bytes.includes(0)) return { number, problem: 'it holds a NUL' };
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { number, problem: 'it is not UTF-8' };
  }
  text = text.replace(/\r$/, '');
  return text.trim() === '' ? undefined : { number, text };
}

/** The beginning of a file, without its byte order mark. */
function refuseForeign(head: Buffer): Buffer {
  const begins = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte);
  const [a, b] = head;
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff) || (a === 0 && b !== 0) || (a !== 0 && b === 0)) {
    throw invalid('it is UTF-16 or binary; UTF-8 text is accepted');
  }
  if (begins(0x1f, 0x8b) || begins(0x50, 0x4b, 3, 4) || begins(0x28, 0xb5, 0x2f, 0xfd)) {
    throw invalid('it is compressed; plain text is accepted');
  }
  return begins(0xef, 0xbb, 0xbf) ? head.subarray(3) : head;
}

export function invalid(why: string): CodedError {
  return new CodedError('MANIFEST_INVALID', `The manifest cannot be read: ${why}.`);
}

function tooMany(): CodedError {
  return invalid(`it has more than ${MAX_LINES} lines; split it into several batches`);
}
