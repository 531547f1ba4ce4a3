// One POST to an address of a tenant: only to where the guard of sources would go, no redirect, within 10 s.

import * as http from 'node:http';
import * as https from 'node:https';
import { CodedError } from '@stenofleet/shared/errors';
import {
  type AddressPolicy,
  checkWebAddress,
  createPinnedLookup,
  getTarget,
  pinAddresses,
  resolveHost,
  type ResolveHost,
} from '@stenofleet/shared/source';

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 1024;

export type WebhookRequest = { url: string; headers: Record<string, string>; body: string };
export type WebhookAnswer =
  | { status: number; response: string; error?: never }
  | { status?: never; response?: never; error: string };

/** Never throws: what went wrong is an answer too. */
export type PostWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;

export function createPostWebhook({
  policy,
  resolve = resolveHost,
  timeoutMs = TIMEOUT_MS,
}: {
  policy: AddressPolicy;
  resolve?: ResolveHost;
  timeoutMs?: number;
}): PostWebhook {
  return async ({ url: text, headers, body }) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    const { signal } = limit;
    try {
      const url = checkWebAddress(text, policy);
      const addresses = await pinAddresses(getTarget(url), { policy, resolve, timeoutMs, signal });
      return await send(url, {
        headers,
        body,
        signal,
        lookup: createPinnedLookup(addresses),
      });
    } catch (error) {
      if (signal.aborted) return { error: `no answer within ${timeoutMs / 1000} s` };
      return { error: describe(error) };
    } finally {
      clearTimeout(timer);
    }
  };
}

type SendOptions = {
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
  lookup: ReturnType<typeof createPinnedLookup>;
};

function send(url: URL, { headers, body, signal, lookup }: SendOptions): Promise<WebhookAnswer> {
  return new Promise((resolve, reject) => {
    const { request: open } = url.protocol === 'https:' ? https : http;
    const request = open(
      url,
      {
        method: 'POST',
        agent: false,
        lookup,
        signal,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        readStart(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, response: text }),
          reject,
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What comes behind the first KiB is not read. */
async function readStart(response: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= MAX_RESPONSE_BYTES) break;
  }
  response.destroy();
  const text = Buffer.concat(parts).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
  // eslint-disable-next-line no-control-regex -- of no use in a log
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}

/** System messages name addresses; their codes do not. */
function describe(error: unknown): string {
  if (error instanceof CodedError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `the connection failed (${code})`;
}
