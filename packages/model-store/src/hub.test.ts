import { describe, expect, it } from 'vitest';
import { createHub, getFileUrl, listRepository } from './hub.js';

const source = { repository: 'owner/name', revision: 'main' };
const commit = 'c'.repeat(40);

type Sent = { url: string; authorization: string | null };

/** A `fetch` that answers by path and keeps what it was sent. */
function fakeFetch(answers: Record<string, () => Response>): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const answer: typeof fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const authorization = new Headers(init?.headers).get('authorization');
    sent.push({ url: url.href, authorization });
    return Promise.resolve(answers[url.pathname]?.() ?? new Response(null, { status: 404 }));
  };
  return { fetch: answer, sent };
}

const redirectTo = (location: string) => () =>
  new Response(null, { status: 302, headers: { location } });

describe('listing a repository', () => {
  it('resolves a branch to its commit and reads every page there', async () => {
    const tree = `/api/models/owner/name/tree/${commit}`;
    const pages = [
      Response.json([{ type: 'directory', path: 'int8', size: 0 }], {
        headers: { link: `<http://hub.test${tree}?cursor=2>; rel="next"` },
      }),
      Response.json([
        { type: 'file', path: 'int8/a.onnx', size: 9, oid: 'f', lfs: { oid: 'aa', size: 9 } },
        { type: 'file', path: 'vocab.txt', size: 3, oid: 'bb' },
        { type: 'file', path: '../evil', size: 3, oid: 'cc' },
      ]),
    ];
    const { fetch, sent } = fakeFetch({
      '/api/models/owner/name/revision/main': () =>
        Response.json({ _id: '1', id: 'owner/name', sha: commit, lastModified: '2026-01-01' }),
      [tree]: () => pages.shift() ?? Response.error(),
    });
    // A mirror's token need not look like the public hub's.
    const hub = createHub({ hubUrl: 'http://hub.test/', accessToken: 'any', fetch });
    expect(await listRepository(hub, source)).toEqual({
      commit,
      files: [
        { path: 'int8/a.onnx', bytes: 9, sha256: 'aa' },
        { path: 'vocab.txt', bytes: 3, gitOid: 'bb' },
      ],
    });
    expect(sent.map(({ authorization }) => authorization)).toEqual(sent.map(() => 'Bearer any'));
  });

  it('calls an answer that is no listing unavailable', async () => {
    const { fetch } = fakeFetch({
      [`/api/models/owner/name/tree/${commit}`]: () => Response.json([{ nonsense: true }]),
    });
    const hub = createHub({ hubUrl: 'http://hub.test', fetch });
    await expect(listRepository(hub, { ...source, revision: commit })).rejects.toMatchObject({
      code: 'MODEL_HUB_UNAVAILABLE',
      retryable: true,
    });
  });
});

describe('a request', () => {
  const hubUrl = 'http://hub.test';

  it('carries the token to the hub only, also after a redirect within it', async () => {
    const { fetch, sent } = fakeFetch({
      '/old': redirectTo('/new'),
      '/new': redirectTo('http://storage.test/blob?signature=s'),
      '/blob': () => new Response('bytes'),
    });
    const hub = createHub({ hubUrl, accessToken: 'secret', fetch });
    expect(await (await hub.request(`${hubUrl}/old`)).text()).toBe('bytes');
    expect(sent.map(({ authorization }) => authorization)).toEqual([
      'Bearer secret',
      'Bearer secret',
      null,
    ]);
  });

  it.each(['http://hub.test.evil.test', 'http://hub.test:81', 'https://hub.test'])(
    'does not take %s for the hub',
    async (origin) => {
      const { fetch, sent } = fakeFetch({
        '/a': redirectTo(`${origin}/b`),
        '/b': () => new Response(),
      });
      await createHub({ hubUrl, accessToken: 'secret', fetch }).request(`${hubUrl}/a`);
      expect(sent.at(-1)?.authorization).toBeNull();
    },
  );

  it('stops at a circle of redirects', async () => {
    const { fetch } = fakeFetch({ '/a': redirectTo('/a') });
    const request = createHub({ hubUrl, fetch }).request(`${hubUrl}/a`);
    await expect(request).rejects.toThrow(/circles/);
  });

  it.each([
    [401, 'MODEL_GATED'],
    [403, 'MODEL_GATED'],
    [404, 'MODEL_SOURCE_NOT_FOUND'],
    [429, 'MODEL_HUB_UNAVAILABLE'],
    [502, 'MODEL_HUB_UNAVAILABLE'],
  ])('turns status %i into %s', async (status, code) => {
    const { fetch } = fakeFetch({ '/a': () => new Response(null, { status }) });
    const request = createHub({ hubUrl, fetch }).request(`${hubUrl}/a?token=secret`);
    await expect(request).rejects.toMatchObject({ code, details: { status } });
    await expect(request).rejects.not.toThrow(/secret/);
  });

  it('names what a failed connection died of', async () => {
    const cause = new Error('connect ECONNREFUSED');
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
    const request = createHub({ hubUrl, fetch }).request(`${hubUrl}/a`);
    await expect(request).rejects.toThrow('hub.test is unavailable: connect ECONNREFUSED.');
  });

  it('needs an address that is one', () => {
    expect(() => createHub({ hubUrl: 'my-mirror' })).toThrow(/"my-mirror" is not the address/);
  });

  it('escapes what stands in a path', () => {
    const hub = createHub({ hubUrl: 'http://hub.test/mirror/' });
    expect(getFileUrl(hub, { ...source, path: 'int8/a b#c.onnx' })).toBe(
      'http://hub.test/mirror/owner/name/resolve/main/int8/a%20b%23c.onnx',
    );
  });
});
