// Recordings behind http(s) addresses.

import { type IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../errors/index.js';
import { type Download, openDownload, tooLarge } from './downloads.js';
import { toUnavailable, unavailable } from './open-response.js';
import { isOtherVersion, readResponseHead, type ResponseHead } from './response-head.js';
import { decodePart, sanitizeName } from './sanitize-name.js';
import { changed } from './source-errors.js';
import { type ObtainedSource, type ObtainOptions, type SourceInfo } from './source-reader.js';
import { checkWebAddress, showAddress } from './web-address.js';
import { visit, type WebSettings, type WebVisit } from './web-visit.js';

/** Attempts in a row that bring less than MIN_PROGRESS_BYTES. */
const MAX_ATTEMPTS = 5;
const MIN_PROGRESS_BYTES = 2 ** 20;
const MAX_RETRY_DELAY_MS = 8000;
/** Some servers know no `HEAD`, and a signed address may be signed for `GET` alone. */
const HEAD_REFUSED = [400, 401, 403, 404, 405, 406, 501];

export type WebSource = {
  check: (uri: string) => string;
  inspect: (uri: string, signal?: AbortSignal) => Promise<SourceInfo>;
  obtain: (uri: string, options: ObtainOptions) => Promise<ObtainedSource>;
};

export function createWebSource(settings: WebSettings): WebSource {
  const parse = (uri: string) => checkWebAddress(uri, settings.policy);
  return {
    check: (uri) => parse(uri).href,
    inspect: async (uri, signal) => {
      const url = parse(uri);
      return visit(url, { settings, signal, action: (web) => inspect(url, { settings, web }) });
    },
    obtain: async (uri, options) => {
      const url = parse(uri);
      return visit(url, {
        settings,
        signal: options.signal,
        action: (web) => obtain(url, { settings, web, options }),
      });
    },
  };
}

async function inspect(
  url: URL,
  { settings: { maxBytes }, web }: { settings: WebSettings; web: WebVisit },
): Promise<SourceInfo> {
  let response = await web.request(url, { method: 'HEAD' });
  response.destroy();
  if (HEAD_REFUSED.includes(response.statusCode ?? 0)) {
    response = await web.request(url, { method: 'GET', headers: { range: 'bytes=0-0' } });
    response.destroy();
  }
  // An empty recording has no first byte to ask for.
  if (response.statusCode === 416 && response.headers['content-range'] === 'bytes */0') {
    return { uri: url.href, name: getName(url), bytes: 0 };
  }
  const { totalBytes, etag } = readResponseHead(response, showAddress(url));
  if (totalBytes !== undefined && totalBytes > maxBytes) throw tooLarge(showAddress(url), maxBytes);
  return toInfo(url, { bytes: totalBytes, etag });
}

type ObtainContext = { settings: WebSettings; web: WebVisit; options: ObtainOptions };

async function obtain(url: URL, context: ObtainContext): Promise<ObtainedSource> {
  const { maxBytes } = context.settings;
  const download = await openDownload(context.options.folder, {
    maxBytes,
    shown: showAddress(url),
  });
  try {
    const { etag } = await fill(download, { url, ...context });
    await download.finish();
    const { path, bytes, discard } = download;
    return { ...toInfo(url, { bytes, etag }), bytes, path, release: discard };
  } catch (error) {
    await download.discard();
    throw error;
  }
}

/** Fetches until the recording is whole: a body that breaks off or falls silent goes on where it ended. */
async function fill(
  download: Download,
  context: ObtainContext & { url: URL },
): Promise<ResponseHead> {
  const { settings, web } = context;
  let head: ResponseHead | undefined;
  for (let failures = 0; ;) {
    const before = download.bytes;
    try {
      const response = await requestRest(download, { ...context, head });
      try {
        head = await acceptHead(response, { ...context, download, head });
        await save(response, { ...context, download });
      } finally {
        response.destroy();
      }
      const { totalBytes } = head;
      if (totalBytes === undefined || download.bytes === totalBytes) return head;
      throw unavailable(context.url.host, 'what it sends is not as long as it says');
    } catch (error) {
      const isDrop = error instanceof CodedError && error.code === 'SOURCE_UNAVAILABLE';
      // What fails before the first answer is for the caller's own retries.
      if (!isDrop || head === undefined || web.signal.aborted) throw error;
      failures = download.bytes - before >= MIN_PROGRESS_BYTES ? 0 : failures + 1;
      if (failures >= MAX_ATTEMPTS) throw error;
      const delayMs = settings.retryDelayMs * 2 ** failures;
      await wait(Math.min(delayMs, MAX_RETRY_DELAY_MS), undefined, { signal: web.signal });
    }
  }
}

type FillContext = ObtainContext & { url: URL; head: ResponseHead | undefined };

/** Without anything that tells versions apart, a rest might be that of another recording: all is fetched anew. */
async function requestRest(
  download: Download,
  { url, web, head }: FillContext,
): Promise<IncomingMessage> {
  const canResume = download.bytes > 0 && head?.validator !== undefined;
  if (!canResume) {
    await download.restart();
    return web.request(url, { method: 'GET' });
  }
  const headers = { range: `bytes=${download.bytes}-`, 'if-range': head.validator ?? '' };
  return web.request(url, { method: 'GET', headers });
}

/** The head of an answer whose body goes on where the download ended. */
async function acceptHead(
  response: IncomingMessage,
  { url, settings, options, download, head }: FillContext & { download: Download },
): Promise<ResponseHead> {
  const shown = showAddress(url);
  if (head !== undefined && response.statusCode === 416) {
    await download.restart();
    throw unavailable(url.host, 'it refuses to send the rest');
  }
  const next = readResponseHead(response, shown);
  const { start, totalBytes, etag } = next;
  if (isOtherVersion(options.etag, etag)) throw changed(shown);
  if (totalBytes !== undefined && totalBytes > settings.maxBytes) {
    throw tooLarge(shown, settings.maxBytes);
  }
  // The server begins anew: the recording changed, or it knows no ranges.
  if (start === 0) await download.restart();
  const isWhole = response.statusCode === 200;
  const isRest = start === download.bytes && totalBytes !== undefined && isSameVersion(head, next);
  if (!isWhole && !isRest) {
    await download.restart();
    throw unavailable(url.host, 'it sends another part than the one asked for');
  }
  return next;
}

function isSameVersion(before: ResponseHead | undefined, now: ResponseHead): boolean {
  return before?.etag === now.etag && before?.totalBytes === now.totalBytes;
}

async function save(
  response: IncomingMessage,
  { url, settings, web, download }: ObtainContext & { url: URL; download: Download },
): Promise<void> {
  const silent = unavailable(url.host, 'it falls silent');
  const timer = setTimeout(() => response.destroy(silent), settings.idleTimeoutMs);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      await download.write(chunk);
      // Data that is buffered already does not notice the end of its socket.
      web.signal.throwIfAborted();
      timer.refresh();
    }
  } catch (error) {
    throw error instanceof CodedError ? error : toUnavailable(url.host, error);
  } finally {
    clearTimeout(timer);
  }
}

function toInfo(
  url: URL,
  { bytes, etag }: { bytes: number | undefined; etag: string | undefined },
): SourceInfo {
  return {
    uri: url.href,
    name: getName(url),
    ...(bytes !== undefined && { bytes }),
    ...(etag !== undefined && { etag }),
  };
}

/** From the address as submitted: what a server proposes is not asked. */
function getName(url: URL): string {
  return sanitizeName(decodePart(url.pathname.split('/').findLast((part) => part !== '') ?? ''));
}
