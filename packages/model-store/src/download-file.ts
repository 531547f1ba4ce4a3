// One file from the hub, continued from `<target>.partial` where an earlier try stopped:
// partial → requested from its end on → whole → hash compared → synced → renamed to its name.
//
// No If-Range: the hub redirects to storage hosts whose ETags differ from the hub's and from each other, so
// it would only force restarts. A commit's file never changes; Content-Range and the hash catch the rest.

import { rm } from 'node:fs/promises';
import { type Content, type ExpectedContent } from './content-digest.js';
import { publishFile } from './durable-files.js';
import { ModelStoreError } from './errors.js';
import { unavailable, type Hub } from './hub.js';
import { openPartialFile, type PartialFile } from './partial-file.js';
import { retryUnavailable, type RetryOptions } from './retry-unavailable.js';

export type DownloadOptions = RetryOptions & {
  hub: Hub;
  target: string;
  expected: ExpectedContent;
  /** How much of the file is on disk; called for every piece. */
  onBytes: (doneBytes: number) => void;
};

/** @throws ModelStoreError `MODEL_FILE_CORRUPT` when a second download from the start is wrong too */
export async function downloadFile(url: string, options: DownloadOptions): Promise<Content> {
  const { target, expected } = options;
  for (let round = 1; round <= 2; round++) {
    const { matches, ...content } = await downloadWhole(url, options);
    if (matches) {
      await publishFile(`${target}.partial`, target);
      return content;
    }
    await rm(`${target}.partial`, { force: true });
  }
  throw new ModelStoreError(
    'MODEL_FILE_CORRUPT',
    `The hub sent a wrong ${getName(url)}, twice: its size or sha-256 is not the published one. It was not installed.`,
    { details: { path: target, expected } },
  );
}

async function downloadWhole(
  url: string,
  options: DownloadOptions,
): Promise<Content & { matches: boolean }> {
  const { target, expected, onBytes } = options;
  const partial = await openPartialFile(`${target}.partial`, options);
  try {
    if (partial.bytes > expected.bytes) await partial.restart();
    onBytes(partial.bytes);
    if (partial.bytes < expected.bytes) {
      const appendRest = () => append(url, partial, options);
      await retryUnavailable(appendRest, { ...options, getProgress: () => partial.bytes });
    }
    return await partial.finish();
  } finally {
    await partial.close();
  }
}

/** Requests what is missing and appends it. @throws ModelStoreError `MODEL_HUB_UNAVAILABLE` when cut off */
async function append(
  url: string,
  partial: PartialFile,
  { hub, expected, onBytes }: DownloadOptions,
): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('it fell silent')), hub.idleTimeoutMs);
  try {
    const range = partial.bytes > 0 ? { range: `bytes=${String(partial.bytes)}-` } : {};
    const response = await hub.request(url, {
      headers: { ...range, 'accept-encoding': 'identity' },
      signal: silence.signal,
    });
    const { start, totalBytes } = describeBody(response);
    if (totalBytes !== undefined && totalBytes !== expected.bytes) {
      await response.body?.cancel();
      throw wrongSize(url, { expected, totalBytes });
    }
    if (start !== partial.bytes) {
      await partial.restart();
      if (start !== 0)
        throw unavailable(new URL(url), { why: 'it sent another part than was asked for' });
    }
    for await (const chunk of readBody(response, url)) {
      timer.refresh();
      await partial.append(chunk);
      onBytes(partial.bytes);
      if (partial.bytes > expected.bytes) return; // the digest will not match
    }
    if (partial.bytes < expected.bytes) {
      throw unavailable(new URL(url), { why: 'the connection ended early' });
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The body's pieces; tells a broken connection from a disk that cannot take them. */
async function* readBody({ body }: Response, url: string): AsyncGenerator<Uint8Array> {
  const chunks = (body ?? []) as AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  try {
    yield* chunks;
  } catch (error) {
    throw unavailable(new URL(url), { cause: error });
  }
}

/** Which part of the file a response holds, and how long it says that the whole is. */
function describeBody(response: Response): { start: number; totalBytes: number | undefined } {
  if (response.status === 206) {
    const [, start, total] =
      /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    return { start: Number(start ?? Number.NaN), totalBytes: total ? Number(total) : undefined };
  }
  const length = response.headers.get('content-length');
  return { start: 0, totalBytes: length === null ? undefined : Number(length) };
}

function wrongSize(
  url: string,
  { expected, totalBytes }: { expected: ExpectedContent; totalBytes: number },
): ModelStoreError {
  return new ModelStoreError(
    'MODEL_FILE_CORRUPT',
    `The hub offers ${getName(url)} with ${String(totalBytes)} bytes, but ${String(expected.bytes)} are published. It was not installed.`,
    { details: { expected, totalBytes } },
  );
}

function getName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? url);
}
