// The hub, as far as a pull needs it: what a repository holds at a revision, and requests for its files.

import { HUB_URL, listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { type ExpectedContent } from './content-digest.js';
import { ModelStoreError } from './errors.js';
import { isSafePath, type ModelSource } from './model-manifest.js';

const maxRedirects = 5;
const commitPattern = /^[0-9a-f]{40}$/;

const commitSchema = z.string().regex(commitPattern);

/** Whether a revision is a commit, which never changes, rather than a branch. */
export function isCommit(revision: string): boolean {
  return commitPattern.test(revision);
}

const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: z.number(),
  oid: z.string().optional(),
  lfs: z.object({ oid: z.string(), size: z.number() }).optional(),
});

export type HubOptions = {
  /** @defaultValue the library's public hub */
  hubUrl?: string | undefined;
  /** Sent to the hub itself only, never to where it redirects. */
  accessToken?: string | undefined;
  fetch?: typeof fetch | undefined;
  /** How long the hub may stay silent, in ms. @defaultValue 60000 */
  idleTimeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
};

export type Hub = {
  readonly url: string;
  readonly idleTimeoutMs: number;
  /** As `fetch`, but only ever returns a response that is `ok`. @throws ModelStoreError */
  readonly request: typeof fetch;
};

/** A file of a repository; `sha256` is known for large files, git's blob id for small ones. */
export type RepositoryFile = ExpectedContent & { path: string };

export type RepositoryListing = { commit: string; files: RepositoryFile[] };

export function createHub(options: HubOptions): Hub {
  const { accessToken, signal, idleTimeoutMs = 60_000 } = options;
  const url = (options.hubUrl ?? HUB_URL).replace(/\/+$/, '');
  const fetchOnce = options.fetch ?? fetch;
  const hubOrigin = parseOrigin(url);

  async function request(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    let target = new URL(input instanceof Request ? input.url : input);
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await send(target, init);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        if (response.ok) return response;
        await response.body?.cancel();
        throw refused(response.status, target);
      }
      await response.body?.cancel();
      target = new URL(location, target);
    }
    throw unavailable(target, { why: 'it redirects in circles' });
  }

  async function send(target: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    if (accessToken && target.origin === hubOrigin) {
      headers.set('authorization', `Bearer ${accessToken}`);
    }
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error('it does not answer')), idleTimeoutMs);
    const signals = [init.signal, signal, silence.signal].filter(
      (one) => one instanceof AbortSignal,
    );
    try {
      return await fetchOnce(target, {
        ...init,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
    } catch (error) {
      throw unavailable(target, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  function refused(status: number, target: URL): ModelStoreError {
    const details = { status, host: target.host };
    // A storage host's 403 is an expired link, which asking the hub again renews.
    const isHub = target.origin === hubOrigin;
    if (!isHub || status >= 500 || status === 408 || status === 429) {
      return unavailable(target, { why: `it answers ${String(status)}`, status });
    }
    if (status === 401 || status === 403) {
      return new ModelStoreError(
        'MODEL_GATED',
        `${target.host} refuses ${target.pathname} (${String(status)}): the repository is gated, private or does not exist. Accept its licence on the hub, and set HF_TOKEN to a token of that account.`,
        { details },
      );
    }
    return new ModelStoreError(
      'MODEL_SOURCE_NOT_FOUND',
      `${target.host} has no ${target.pathname} (${String(status)}): the repository, revision or file does not exist there.`,
      { details },
    );
  }

  return { url, idleTimeoutMs, request };
}

/** Lists every file of a repository at the commit that `source.revision` now means. */
export async function listRepository(
  hub: Hub,
  { repository, revision }: ModelSource,
): Promise<RepositoryListing> {
  const request: typeof fetch = (input, init) =>
    hub.request(input, { ...init, signal: AbortSignal.timeout(hub.idleTimeoutMs) });
  // The token travels in hub.request: the library would hand it to any host and insists on its prefix.
  const access = { hubUrl: hub.url, fetch: request };
  try {
    const commit = isCommit(revision)
      ? revision
      : (await modelInfo({ ...access, name: repository, revision, additionalFields: ['sha'] })).sha;
    const files: RepositoryFile[] = [];
    const repo = { type: 'model', name: repository } as const;
    for await (const entry of listFiles({ ...access, repo, revision: commit, recursive: true })) {
      const file = parseEntry(entry);
      if (file) files.push(file);
    }
    return { commit: commitSchema.parse(commit), files };
  } catch (error) {
    if (error instanceof ModelStoreError) throw error;
    throw unavailable(new URL(hub.url), {
      why: `no listing of ${repository} came back`,
      cause: error,
    });
  }
}

function parseEntry(entry: unknown): RepositoryFile | undefined {
  const { type, path, size, oid, lfs } = entrySchema.parse(entry);
  if (type !== 'file' || !isSafePath(path)) return undefined;
  if (lfs) return { path, bytes: lfs.size, sha256: lfs.oid.replace(/^sha256:/, '') };
  return { path, bytes: size, ...(oid !== undefined && { gitOid: oid }) };
}

export function getFileUrl(
  hub: Hub,
  { repository, revision, path }: ModelSource & { path: string },
): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${hub.url}/${repository}/resolve/${encodeURIComponent(revision)}/${encoded}`;
}

/** @param options.why absent: what `cause` says */
export function unavailable(
  { host }: URL,
  { why, status, cause }: { why?: string; status?: number; cause?: unknown },
): ModelStoreError {
  const problem = why ?? (cause instanceof Error ? describeCause(cause) : 'no connection');
  return new ModelStoreError('MODEL_HUB_UNAVAILABLE', `${host} is unavailable: ${problem}.`, {
    details: { host, ...(status !== undefined && { status }) },
    cause,
  });
}

/** `fetch` hides what happened ("fetch failed") in its error's cause. */
function describeCause(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function parseOrigin(url: string): string {
  try {
    return new URL(url).origin;
  } catch (error) {
    throw new ModelStoreError(
      'MODEL_SOURCE_NOT_FOUND',
      `"${url}" is not the address of a hub: it must begin with https:// or http://.`,
      { cause: error },
    );
  }
}
