// A model hub on loopback, as far as a pull uses one: revision, paged listing, files by Range. Large files
// ("lfs") are redirected to a second server on another origin, as the real hub does. Faults are set per file.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

const pageSize = 3;
/** Above this a file is kept as LFS: listed with its sha-256, and served by the storage server. */
const lfsAboveBytes = 1_000;

export type StubRepository = {
  commit: string;
  files: Record<string, Buffer>;
  /** Only this token may read it. */
  token?: string;
};

/** What goes wrong with a file's next requests, one entry for each; an empty list is a sound hub. */
export type Fault =
  /** `when` holds the drop back until the client has read what was sent: a reset discards the rest. */
  | { kind: 'drop'; afterBytes: number; when: Promise<void> }
  | { kind: 'stall'; afterBytes: number }
  | { kind: 'corrupt' }
  | { kind: 'status'; status: number }
  | { kind: 'ignore-range' };

export type StubRequest = {
  server: 'hub' | 'storage';
  method: string;
  path: string;
  range: string | undefined;
  authorization: string | undefined;
};

export type HubStub = {
  url: string;
  /** Every request so far, oldest first. */
  requests: StubRequest[];
  /** By path in the repository; `listing` for the listing itself. */
  faults: Map<string, Fault[]>;
  close: () => Promise<void>;
};

export async function startHubStub(repositories: Record<string, StubRepository>): Promise<HubStub> {
  const requests: StubRequest[] = [];
  const faults = new Map<string, Fault[]>();

  const storage = createServer((request, response) => {
    const { path } = record('storage', request);
    const [, owner, name, ...rest] = path.split('/').map(decodeURIComponent);
    sendFile(request, response, {
      path: rest.join('/'),
      content: repositories[`${owner ?? ''}/${name ?? ''}`]?.files[rest.join('/')],
      // Not the hub's ETag, as with real storage hosts.
      etag: '"storage-etag"',
    });
  });
  const storageUrl = await listen(storage);

  const hub = createServer((request, response) => {
    const { path, authorization } = record('hub', request);
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    const isApi = parts[0] === 'api';
    const [owner = '', name = '', action, revision, ...rest] = isApi ? parts.slice(2) : parts;
    const repository = repositories[`${owner}/${name}`];
    if (!repository) {
      refuse(response, 404, 'RepoNotFound');
      return;
    }
    if (repository.token !== undefined && authorization !== `Bearer ${repository.token}`) {
      refuse(response, authorization === undefined ? 401 : 403, 'GatedRepo');
      return;
    }
    if (revision !== repository.commit && revision !== 'main') {
      refuse(response, 404, 'RevisionNotFound');
      return;
    }
    if (action === 'revision') {
      sendRevision(response, `${owner}/${name}`, repository);
      return;
    }
    if (action === 'tree') {
      sendListing(request, response, repository);
      return;
    }
    const file = rest.join('/');
    const content = repository.files[file];
    if (!content) {
      refuse(response, 404, 'EntryNotFound');
      return;
    }
    response.setHeader('x-repo-commit', repository.commit);
    if (content.length <= lfsAboveBytes) {
      sendFile(request, response, { path: file, content, etag: `"${gitOid(content)}"` });
      return;
    }
    response.writeHead(302, {
      location: `${storageUrl}/${owner}/${name}/${file}?signature=secret`,
      'x-linked-size': content.length,
      'x-linked-etag': `"${sha256(content)}"`,
    });
    response.end();
  });
  const url = await listen(hub);

  function record(server: StubRequest['server'], request: IncomingMessage): StubRequest {
    const entry = {
      server,
      method: request.method ?? '',
      path: new URL(request.url ?? '/', 'http://stub').pathname,
      range: request.headers.range,
      authorization: request.headers.authorization,
    };
    requests.push(entry);
    return entry;
  }

  function sendListing(
    request: IncomingMessage,
    response: ServerResponse,
    { files }: StubRepository,
  ): void {
    const fault = faults.get('listing')?.shift();
    if (fault?.kind === 'status') {
      refuse(response, fault.status, 'Unavailable');
      return;
    }
    if (fault?.kind === 'stall') return;
    const { searchParams, pathname } = new URL(request.url ?? '/', url);
    const start = Number(searchParams.get('cursor') ?? 0);
    const entries = Object.entries(files).map(([path, content]) => ({
      type: 'file',
      path,
      size: content.length,
      oid: gitOid(content),
      ...(content.length > lfsAboveBytes && {
        lfs: { oid: sha256(content), size: content.length, pointerSize: 130 },
      }),
    }));
    if (start + pageSize < entries.length) {
      const next = `${url}${pathname}?recursive=true&cursor=${String(start + pageSize)}`;
      response.setHeader('link', `<${next}>; rel="next"`);
    }
    sendJson(response, entries.slice(start, start + pageSize));
  }

  function sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    { path, content, etag }: { path: string; content: Buffer | undefined; etag: string },
  ): void {
    if (!content) {
      refuse(response, 404, 'EntryNotFound');
      return;
    }
    const fault = faults.get(path)?.shift();
    if (fault?.kind === 'status') {
      refuse(response, fault.status, 'Unavailable');
      return;
    }
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range && fault?.kind !== 'ignore-range' ? Number(range[1]) : 0;
    const bytes = Buffer.from(content.subarray(start));
    if (fault?.kind === 'corrupt') bytes[0] = (bytes[0] ?? 0) ^ 0xff;
    response.setHeader('etag', etag);
    response.setHeader('content-length', bytes.length);
    if (start > 0) {
      const last = String(content.length - 1);
      response.setHeader(
        'content-range',
        `bytes ${String(start)}-${last}/${String(content.length)}`,
      );
    }
    response.writeHead(start > 0 ? 206 : 200);
    if (fault?.kind !== 'drop' && fault?.kind !== 'stall') return void response.end(bytes);
    response.write(bytes.subarray(0, fault.afterBytes), () => {
      if (fault.kind === 'drop') void fault.when.then(() => response.destroy());
    });
  }

  return {
    url,
    requests,
    faults,
    close: async () => {
      await Promise.all([close(hub), close(storage)]);
    },
  };
}

function sendRevision(response: ServerResponse, id: string, { commit }: StubRepository): void {
  const lastModified = '2026-01-01T00:00:00.000Z';
  sendJson(response, { _id: id, id, sha: commit, private: false, gated: false, lastModified });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, errorCode: string): void {
  response.writeHead(status, { 'x-error-code': errorCode, 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: errorCode }));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function gitOid(content: Buffer): string {
  return createHash('sha1')
    .update(`blob ${String(content.length)}\0`)
    .update(content)
    .digest('hex');
}
