// The port on a bucket. S3 itself publishes an object whole or not at all; conditional creation is the store's
// `If-None-Match: *`.

import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { CodedError } from '../errors/index.js';
import { checkFolderPrefix, checkKey, checkListPrefix } from './object-key.js';
import {
  type GetOptions,
  type ListOptions,
  type ObjectInfo,
  type ObjectStore,
} from './object-store.js';
import { parseS3Url } from './parse-s3-url.js';
import { probeStore } from './probe-store.js';
import { createResumingBody } from './resuming-body.js';
import { createS3Client, S3_DEFAULTS, type S3Settings } from './s3-client.js';
import { copyObject, MAX_COPY_BYTES } from './s3-copy.js';
import { createDeleteKeys } from './s3-delete.js';
import { errorFacts, toS3Error } from './s3-errors.js';
import { createWhole, putStream, putWhole } from './s3-put.js';
import {
  changedError,
  checkPut,
  isStream,
  notFoundError,
  readWhole,
  takeContent,
  throwIfCancelled,
} from './stored-content.js';

const MAX_PAGE = 1000;
const MAX_PRESIGN_SECONDS = 7 * 24 * 60 * 60;

export type S3StoreOptions = S3Settings & {
  /** `s3://bucket` or `s3://bucket/prefix`. */
  url: string;
  /** Objects larger than this are copied in parts. @defaultValue 5 GiB, S3's limit for one request */
  maxCopyBytes?: number;
};

export function createS3Store({
  url: givenUrl,
  maxCopyBytes = MAX_COPY_BYTES,
  ...settings
}: S3StoreOptions): ObjectStore {
  const { url, bucket, keyPrefix } = parseS3Url(givenUrl);
  const { idleTimeoutMs = S3_DEFAULTS.idleTimeoutMs } = settings;
  const { maxAttempts = S3_DEFAULTS.maxAttempts, presignEndpoint } = settings;
  const client = createS3Client(settings);
  const presignClient =
    presignEndpoint === undefined
      ? client
      : createS3Client({ ...settings, endpoint: presignEndpoint });
  const deleteKeys = createDeleteKeys(client, bucket);
  const address = (key: string) => ({ Bucket: bucket, Key: keyPrefix + key });

  /** Runs `work`; errors of the SDK become the port's. */
  async function about<T>(
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      throwIfCancelled(signal);
      return await work();
    } catch (error) {
      throw toS3Error(error, { url, key, signal });
    }
  }

  async function head(
    key: string,
    signal?: AbortSignal,
  ): Promise<HeadObjectCommandOutput | undefined> {
    checkKey(key);
    try {
      return await client.send(new HeadObjectCommand(address(key)), sendOptions(signal));
    } catch (error) {
      if (errorFacts(error).status === 404) return undefined;
      throw error;
    }
  }

  async function headExisting(key: string, signal?: AbortSignal) {
    const found = await head(key, signal);
    if (found === undefined) throw notFoundError(url, key);
    return { info: toInfo(key, found), contentType: found.ContentType };
  }

  async function request(
    key: string,
    { start = 0, end, etag }: GetOptions,
    signal: AbortSignal | undefined,
  ): Promise<{ output: GetObjectCommandOutput; body: Readable }> {
    const ranged = start > 0 || end !== undefined;
    const output = await client.send(
      new GetObjectCommand({
        ...address(key),
        ...(ranged && { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }),
        ...(etag !== undefined && { IfMatch: `"${etag}"` }),
      }),
      sendOptions(signal),
    );
    const body = output.Body;
    if (!(body instanceof Readable)) throw new TypeError('The SDK answered without a stream.');
    if (start > 0 && output.ContentRange?.startsWith(`bytes ${start}-`) !== true) {
      body.destroy();
      throw new CodedError('STORE_FORBIDDEN', `The store at ${url} does not answer ranges.`);
    }
    return { output, body };
  }

  async function get(key: string, options: GetOptions = {}) {
    const { start = 0, end, etag, signal } = options;
    checkKey(key);
    // S3 has no empty range.
    if (end !== undefined && end <= start) return getNothing(key, options);
    let first;
    try {
      first = await request(key, options, signal);
    } catch (error) {
      if (errorFacts(error).status === 416) return getNothing(key, options);
      throw error;
    }
    const info = toInfo(key, first.output);
    const body = createResumingBody({
      first: first.body,
      start,
      end: Math.min(end ?? info.bytes, info.bytes),
      open: (position, closing) =>
        about(key, undefined, async () => {
          const rest = { start: position, end, etag: etag ?? info.etag };
          return (await request(key, rest, closing)).body;
        }),
      idleTimeoutMs,
      maxFruitless: maxAttempts,
      subject: `${url}/${key}`,
      signal,
    });
    return { info, body };
  }

  async function getNothing(key: string, { etag, signal }: GetOptions) {
    const { info } = await headExisting(key, signal);
    if (etag !== undefined && etag !== info.etag) throw changedError(url, key);
    return { info, body: Readable.from([], { objectMode: false }) };
  }

  async function list({ prefix = '', after, limit = MAX_PAGE, signal }: ListOptions = {}) {
    const found: ObjectInfo[] = [];
    let last = after;
    while (found.length < limit) {
      const { Contents = [], IsTruncated } = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: keyPrefix + prefix,
          MaxKeys: Math.min(limit - found.length, MAX_PAGE),
          ...(last !== undefined && { StartAfter: keyPrefix + last }),
        }),
        sendOptions(signal),
      );
      for (const { Key = '', Size = 0, ETag, LastModified } of Contents) {
        last = Key.slice(keyPrefix.length);
        found.push(toInfo(last, { ContentLength: Size, ETag, LastModified }));
      }
      if (IsTruncated !== true || Contents.length === 0) break;
    }
    return found;
  }

  const store: ObjectStore = {
    url,
    put: async (key, content, options = {}) => {
      const { when = 'any', contentType, signal } = options;
      const taken = isStream(content) ? takeContent(content, signal) : undefined;
      try {
        checkPut(key, content, options);
        const target = { client, ...address(key), contentType, signal };
        if (when === 'absent') return await createWhole(content as Buffer | string, target);
        if (taken === undefined) await putWhole(content as Buffer | string, target);
        else await putStream(taken, target);
        return true;
      } catch (error) {
        const failure = taken?.failure();
        throw failure === undefined ? toS3Error(error, { url, key, signal }) : failure.error;
      } finally {
        taken?.release();
      }
    },
    get: (key, options) => about(key, options?.signal, () => get(key, options)),
    read: (key, { maxBytes, signal } = {}) =>
      about(key, signal, async () => readWhole(await get(key, { signal }), maxBytes)),
    head: (key, signal) =>
      about(key, signal, async () => {
        const found = await head(key, signal);
        return found && toInfo(key, found);
      }),
    list: (options = {}) =>
      about(undefined, options.signal, () => {
        checkListPrefix(options.prefix ?? '');
        return list(options);
      }),
    delete: (keys, signal) =>
      about(undefined, signal, () => {
        keys.forEach(checkKey);
        return deleteKeys(
          keys.map((key) => keyPrefix + key),
          signal,
        );
      }),
    deletePrefix: (prefix, signal) =>
      about(undefined, signal, async () => {
        checkFolderPrefix(prefix);
        for (let after: string | undefined; ;) {
          const page = await list({ prefix, after, signal });
          await deleteKeys(
            page.map(({ key }) => keyPrefix + key),
            signal,
          );
          if (page.length < MAX_PAGE) return;
          after = page.at(-1)?.key;
        }
      }),
    copy: (from, to, signal) =>
      about(from, signal, async () => {
        checkKey(to);
        const { info, contentType } = await headExisting(from, signal);
        const keys = { fromKey: keyPrefix + from, toKey: keyPrefix + to };
        await copyObject({
          client,
          bucket,
          from: info,
          ...keys,
          contentType,
          maxCopyBytes,
          signal,
        });
      }),
    presign: (key, { expiresSeconds, fileName }) =>
      about(key, undefined, () => {
        checkKey(key);
        return presign(presignClient, { ...address(key), expiresSeconds, fileName });
      }),
    probe: (signal) => probeStore(store, signal),
    close: () => {
      client.destroy();
      presignClient.destroy();
      return Promise.resolve();
    },
  };
  return store;
}

function sendOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

type S3Facts = {
  ContentLength?: number | undefined;
  ContentRange?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
};

function toInfo(
  key: string,
  { ContentLength = 0, ContentRange, ETag = '', LastModified }: S3Facts,
): ObjectInfo {
  // `bytes 0-9/100`
  const total = ContentRange?.split('/')[1];
  return {
    key,
    bytes: total === undefined ? ContentLength : Number(total),
    etag: ETag.replace(/^"|"$/g, ''),
    modifiedAt: LastModified ?? new Date(0),
  };
}

type PresignOptions = {
  Bucket: string;
  Key: string;
  expiresSeconds: number;
  fileName: string | undefined;
};

function presign(
  client: S3Client,
  { expiresSeconds, fileName, ...object }: PresignOptions,
): Promise<string> {
  if (!(expiresSeconds >= 1 && expiresSeconds <= MAX_PRESIGN_SECONDS)) {
    throw new CodedError(
      'REQUEST_INVALID',
      `An address can be valid for 1 to ${MAX_PRESIGN_SECONDS} seconds, not ${expiresSeconds}.`,
    );
  }
  const command = new GetObjectCommand({
    ...object,
    ...(fileName !== undefined && { ResponseContentDisposition: attachment(fileName) }),
  });
  return getSignedUrl(client, command, { expiresIn: Math.floor(expiresSeconds) });
}

/** RFC 6266: a plain name for old readers, the true one encoded. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName.replace(/\p{Cs}/gu, '_')).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
