// http(s) address → a file under the data folder, for as long as it is needed.

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AsrError } from '@stenofleet/asr-core';
import { CliError } from '../cli-error.js';
import { toDiskError } from '../disk-error.js';
import { decodePart } from './recording.js';
import { isAlive } from './write-atomically.js';

const MAX_BYTES = 64 * 2 ** 30;
const MAX_REDIRECTS = 5;
/** A server may be silent for this long: before its answer, or within it. */
const SILENCE_MS = 60_000;

export type FetchOptions = {
  /** Where downloads lie. */
  folder: string;
  /** Of the copy that was transcribed before: a server that still has it answers without sending it again. */
  knownEtag?: string | undefined;
  signal: AbortSignal;
  maxBytes?: number;
  silenceMs?: number;
};

export type FetchedRecording =
  | { kind: 'unchanged' }
  | { kind: 'fetched'; path: string; bytes: number; sha256: string; etag: string | undefined };

/** @throws CliError `SOURCE_…`; AsrError `CANCELLED`. Removing the file is the caller's part. */
export async function fetchRecording(
  address: string,
  { folder, knownEtag, signal, maxBytes = MAX_BYTES, silenceMs = SILENCE_MS }: FetchOptions,
): Promise<FetchedRecording> {
  const { host } = new URL(address);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), silenceMs);
  const path = join(folder, `${process.pid}-${randomUUID()}`);
  try {
    const response = await requestFollowing(address, {
      headers: knownEtag === undefined ? {} : { 'if-none-match': knownEtag },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 304) return { kind: 'unchanged' };
    if (!response.ok || response.body === null) throw refused(host, response.status);
    await mkdir(folder, { recursive: true });
    const content = await save(response.body, path, {
      host,
      maxBytes,
      onChunk: () => timer.refresh(),
    });
    return { kind: 'fetched', path, ...content, etag: response.headers.get('etag') ?? undefined };
  } catch (error) {
    await rm(path, { force: true });
    if (signal.aborted) throw new AsrError('CANCELLED', 'The transcription was cancelled.');
    const known = toDiskError(error, folder);
    if (known instanceof CliError) throw known;
    throw unavailable(host, { isSilent: silence.signal.aborted, error });
  } finally {
    clearTimeout(timer);
  }
}

/** Removes what processes that no longer run have left. */
export async function removeAbandonedDownloads(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const abandoned = names.filter((name) => !isAlive(Number.parseInt(name, 10)));
  await Promise.all(abandoned.map((name) => rm(join(folder, name), { force: true })));
}

type PlainRequest = { headers: Record<string, string>; signal: AbortSignal };

async function requestFollowing(address: string, init: PlainRequest): Promise<Response> {
  const { host } = new URL(address);
  let target: URL | undefined = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await request(target, init);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    target = URL.canParse(location, target.href) ? new URL(location, target) : undefined;
    if (target === undefined || !/^https?:$/.test(target.protocol)) break;
  }
  throw new CliError('SOURCE_NOT_FOUND', `${host} redirects in circles or to no http(s) address.`);
}

/** `fetch` refuses an address with a password, and says it in its message: the password goes into a header. */
function request(target: URL, { headers, signal }: PlainRequest): Promise<Response> {
  const bare = new URL(target);
  bare.username = bare.password = '';
  const secret = `${decodePart(target.username)}:${decodePart(target.password)}`;
  const authorization =
    secret === ':' ? {} : { authorization: `Basic ${Buffer.from(secret).toString('base64')}` };
  return fetch(bare, { headers: { ...headers, ...authorization }, signal, redirect: 'manual' });
}

async function save(
  body: ReadableStream<Uint8Array>,
  path: string,
  { host, maxBytes, onChunk }: { host: string; maxBytes: number; onChunk: () => void },
): Promise<{ bytes: number; sha256: string }> {
  const sha256 = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of body) {
      onChunk();
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        throw new CliError(
          'SOURCE_TOO_LARGE',
          `${host} sends more than the limit of ${maxBytes} bytes.`,
        );
      }
      sha256.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: sha256.digest('hex') };
}

function refused(host: string, status: number): CliError {
  if (status === 401 || status === 403) {
    return new CliError('SOURCE_FORBIDDEN', `${host} refuses access (${status}).`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new CliError('SOURCE_UNAVAILABLE', `${host} is unavailable: it answers ${status}.`);
  }
  return new CliError('SOURCE_NOT_FOUND', `${host} has no such recording: it answers ${status}.`);
}

function unavailable(
  host: string,
  { isSilent, error }: { isSilent: boolean; error: unknown },
): CliError {
  // `fetch` hides what happened in its error's cause.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = isSilent
    ? 'it does not answer'
    : cause instanceof Error
      ? cause.message
      : 'no connection';
  return new CliError('SOURCE_UNAVAILABLE', `${host} is unavailable: ${why}.`, { cause: error });
}
