// The fleet's API over HTTP: one request → one parsed answer, with patience for what passes.

import { setTimeout as sleep } from 'node:timers/promises';
import { AsrError } from '@stenofleet/asr-core';
import { type z } from 'zod';
import { CliError } from '../cli-error.js';
import { ApiError, errorAnswerSchema } from './api-error.js';

/** An answer may take this long to begin, and its body to arrive. */
const ANSWER_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** Whatever `Retry-After` says, nobody waits longer at a terminal. */
const LONGEST_RETRY_AFTER_MS = 30_000;
/** With the pauses above, some 25 s. */
const MAX_TRIES = 7;
/** Where nothing listens, mostly nobody has started it: whoever asked is told after 2 s. */
const MAX_REFUSED_TRIES = 4;

export type ApiRequest = {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Record<string, string | number | undefined>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: { type: string; content: string };
  /** May be sent again where it is not known whether it arrived. @defaultValue true unless POST */
  isIdempotent?: boolean;
  /** An answer of this status is one as well. */
  acceptStatus?: number;
  /** Told the status of the answer that counts. */
  onStatus?: (status: number) => void;
  signal?: AbortSignal;
};

export interface ApiClient {
  /** Without trailing slash. */
  readonly url: string;
  readonly key: string | undefined;
  /** @throws ApiError, CliError `API_UNAVAILABLE`, `API_UNSUITABLE`, AsrError `CANCELLED` */
  request<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    request?: ApiRequest,
  ): Promise<z.output<Schema>>;
  /** An answer whose body the caller reads; it has `status` 2xx. Without time limit for the body. */
  open(
    path: string,
    request?: ApiRequest & { headers?: Record<string, string> },
  ): Promise<Response>;
}

export type ApiClientOptions = {
  url: string;
  key?: string | undefined;
  /** Aborts every request. */
  signal: AbortSignal;
  /** Tries of a request that may be repeated. @defaultValue 7 */
  maxTries?: number;
  answerMs?: number;
  /** Waits between tries, in ms. */
  pause?: (ms: number) => Promise<void>;
};

type Sent = { response: Response } | { error: unknown };

export function createApiClient({
  url,
  key,
  signal,
  maxTries = MAX_TRIES,
  answerMs = ANSWER_MS,
  pause = (ms) => sleep(ms, undefined, { signal }),
}: ApiClientOptions): ApiClient {
  const base = url.replace(/\/+$/, '');

  const send = async (
    path: string,
    request: ApiRequest & { headers?: Record<string, string> },
    timer: AbortSignal,
  ): Promise<Sent> => {
    const { method = 'GET', query = {}, json, body, headers } = request;
    const target = new URL(`${base}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const content = json === undefined ? body?.content : JSON.stringify(json);
    const type = json === undefined ? body?.type : 'application/json';
    try {
      const response = await fetch(target, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(type !== undefined && { 'content-type': type }),
          ...headers,
        },
        ...(content !== undefined && { body: content }),
        // A redirect would take the key to somebody else.
        redirect: 'manual',
        signal: AbortSignal.any([signal, timer, ...(request.signal ? [request.signal] : [])]),
      });
      return { response };
    } catch (error) {
      return { error };
    }
  };

  const open: ApiClient['open'] = async (path, request = {}) => {
    const { method = 'GET', isIdempotent = method !== 'POST' } = request;
    for (let tries = 1; ; tries++) {
      const timer = new AbortController();
      const timeout = setTimeout(() => timer.abort(), answerMs);
      const sent = await send(path, request, timer.signal);
      clearTimeout(timeout);
      if (signal.aborted || request.signal?.aborted) throw cancelled();
      const isLast = tries >= maxTries;
      if ('error' in sent) {
        const mayRepeat = isIdempotent || isRefused(sent.error);
        const isHopeless = isRefused(sent.error) && tries >= MAX_REFUSED_TRIES;
        if (isLast || isHopeless || !mayRepeat)
          throw unavailable(base, sent.error, timer.signal.aborted);
        await rest(pause, planPause(tries));
        continue;
      }
      const { response } = sent;
      if (response.ok || response.status === request.acceptStatus) return response;
      if ((response.status === 503 || response.status === 429) && isIdempotent && !isLast) {
        const error = await readError(response, base);
        const waitMs = readRetryAfter(response) ?? planPause(tries);
        if (waitMs > LONGEST_RETRY_AFTER_MS || isFinal(error)) throw error;
        await rest(pause, waitMs);
        continue;
      }
      throw await readError(response, base);
    }
  };

  return {
    url: base,
    key,
    open,
    async request(path, schema, request = {}) {
      const response = await open(path, request);
      request.onStatus?.(response.status);
      const text = response.status === 204 ? 'null' : await readText(response, base, signal);
      const parsed = schema.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new CliError(
        'API_UNSUITABLE',
        `${base} answers ${path} in a way that this steno does not know (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}): is it a Stenofleet API of the same version?`,
      );
    },
  };
}

/** Whether a quota is used up, which no short wait changes. */
function isFinal(error: Error): boolean {
  return error instanceof ApiError && error.code === 'QUOTA_EXCEEDED';
}

async function rest(pause: (ms: number) => Promise<void>, ms: number): Promise<void> {
  await pause(ms).catch(() => {
    throw cancelled();
  });
}

function planPause(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}

function readRetryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

async function readText(response: Response, base: string, signal: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (signal.aborted) throw cancelled();
    throw unavailable(base, error, false);
  }
}

async function readError(response: Response, base: string): Promise<Error> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  const parsed = errorAnswerSchema.safeParse(parseJson(text));
  if (parsed.success) return new ApiError(parsed.data.error, status);
  return new CliError(
    'API_UNSUITABLE',
    `${base} answers ${status}, and not as a Stenofleet API does: check the address (--api, STENO_API_URL).`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function cancelled(): AsrError {
  return new AsrError('CANCELLED', 'The command was interrupted.');
}

/** Nobody listens there: what was sent did not arrive. */
function isRefused(error: unknown): boolean {
  return readCauseCode(error) === 'ECONNREFUSED';
}

function readCauseCode(error: unknown): string | undefined {
  // `fetch` hides what happened in its error's cause.
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}

export function unavailable(base: string, error: unknown, isSilent: boolean): CliError {
  const code = readCauseCode(error);
  const why = isSilent
    ? 'does not answer in time'
    : code === 'ECONNREFUSED'
      ? 'is not there: nothing listens on that port'
      : `cannot be reached (${code ?? (error instanceof Error ? error.message : 'no connection')})`;
  return new CliError(
    'API_UNAVAILABLE',
    `The API ${base} ${why}. Is "steno up" running? --api or STENO_API_URL name another address.`,
    { cause: error },
  );
}
