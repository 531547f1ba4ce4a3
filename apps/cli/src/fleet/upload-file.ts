// A file of this machine → the API's storage, as a multipart form that is streamed.

import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AsrError } from '@stenofleet/asr-core';
import { CliError } from '../cli-error.js';
import { getSystemErrorCode } from '../describe-error.js';
import { type ApiClient, cancelled, unavailable } from './api-client.js';
import { ApiError, errorAnswerSchema } from './api-error.js';
import { type Upload, uploadSchema } from './api-schemas.js';

/** Nothing moves for this long: the connection is dead. */
const SILENCE_MS = 120_000;
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 500;

export type UploadOptions = {
  signal: AbortSignal;
  /** Bytes of the file that are sent; begins again where a try failed. */
  onProgress: (sentBytes: number) => void;
};

/** @throws AsrError `AUDIO_NOT_FOUND`, `CANCELLED`; ApiError; CliError `API_UNAVAILABLE` */
export async function uploadFile(
  path: string,
  client: ApiClient,
  options: UploadOptions & { bytes: number },
): Promise<Upload> {
  for (let tries = 1; ; tries++) {
    try {
      return await send(path, client, options);
    } catch (error) {
      if (options.signal.aborted) throw cancelled();
      const isPassing = error instanceof CliError || (error instanceof ApiError && error.retryable);
      // Sent again, the same content has the same name.
      if (!isPassing || tries >= MAX_TRIES) throw error;
      const pauseMs = FIRST_PAUSE_MS * 2 ** (tries - 1);
      await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

async function send(
  path: string,
  client: ApiClient,
  { bytes, signal, onProgress }: UploadOptions & { bytes: number },
): Promise<Upload> {
  const boundary = `steno-${randomUUID()}`;
  const name = basename(path).replace(/[\r\n"\\]/g, '_');
  const head = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const target = new URL(`${client.url}/v1/uploads`);
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  const outgoing = request(target, {
    method: 'POST',
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + bytes + tail.length,
      ...(client.key !== undefined && { authorization: `Bearer ${client.key}` }),
    },
    signal,
    timeout: SILENCE_MS,
  });
  outgoing.on('timeout', () => outgoing.destroy(new Error('nothing moves')));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
  // Its refusal may come while we still send; then what fails to be sent is of no interest.
  const sending = sendBody(outgoing, { path, head, tail, onProgress });
  sending.catch(() => undefined);
  try {
    const response = await Promise.race([answered, sending.then(() => answered)]);
    const text = await readAll(response);
    return readAnswer(response.statusCode ?? 0, text);
  } catch (error) {
    if (error instanceof ApiError || error instanceof AsrError) throw error;
    throw unavailable(client.url, new Error('upload', { cause: error }), false);
  } finally {
    outgoing.destroy();
  }
}

type Body = { path: string; head: Buffer; tail: Buffer; onProgress: (sentBytes: number) => void };

async function sendBody(
  outgoing: ClientRequest,
  { path, head, tail, onProgress }: Body,
): Promise<void> {
  const write = (chunk: Buffer) =>
    new Promise<void>((resolve, reject) => {
      outgoing.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  await write(head);
  let sent = 0;
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 256 * 1024,
    }) as AsyncIterable<Buffer>) {
      await write(chunk);
      sent += chunk.length;
      onProgress(sent);
    }
  } catch (cause) {
    const code = getSystemErrorCode(cause);
    if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'EIO') throw cause;
    throw new AsrError('AUDIO_NOT_FOUND', `${path}: it cannot be read (${code}).`, { cause });
  }
  await write(tail);
  outgoing.end();
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return text;
}

function readAnswer(status: number, text: string): Upload {
  const body = parseJson(text);
  const upload = uploadSchema.safeParse(body);
  if (upload.success) return upload.data;
  const refusal = errorAnswerSchema.safeParse(body);
  if (refusal.success) throw new ApiError(refusal.data.error, status);
  throw new ApiError(
    {
      code: 'API_UNSUITABLE',
      message: `The API answers an upload with ${status}, and not as a Stenofleet API does.`,
      retryable: false,
    },
    status,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
