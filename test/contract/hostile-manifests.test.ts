// Manifests made to break a reader: each is refused with a code, where it is wrong, and its neighbours are not affected.

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError, fleetErrors } from '@stenofleet/shared/errors';
import { createSourceReader } from '@stenofleet/shared/source';
import { createFakeObjectStore } from '@stenofleet/shared/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { guessFormat, readManifestItems } from '../../apps/api/dist/batches/read-manifest-items.js';
import { type ManifestItem } from '../../apps/api/dist/batches/resolve-item.js';
import { readConfig } from '../../apps/api/dist/config.js';
import { chooseOutputPrefix } from '../../apps/api/dist/plan-output.js';
import { checkSource } from '../../apps/api/dist/submit-source.js';
import { checkWebhookUrl } from '../../apps/api/dist/webhooks/check-webhook-url.js';

const folder = new URL('../fixtures/hostile/manifests/', import.meta.url);
const corpus = z
  .array(
    z.object({
      file: z.string(),
      /** Code of a manifest that is broken as a whole. */
      whole: z.string().optional(),
      /** Code by line; all others are accepted. */
      lines: z.record(z.string(), z.string()).optional(),
    }),
  )
  .parse(JSON.parse(await readFile(new URL('corpus.json', folder), 'utf8')));

/** Reading a file of the corpus takes milliseconds. */
const DEADLINE_MS = 5_000;

const sources = createSourceReader({ fileRoots: ['/media'] });
const storage = createFakeObjectStore({ url: 'file:///data/storage' });
const config = readConfig({ STENO_DATA_DIR: '/data', STENO_OUTPUT_PREFIXES: 'file:///data/out' });
const options = { tenant: 'museum', dependencies: { sources, storage, config } };

/** What a submission checks before it asks anybody. */
function judge({ request, error }: ManifestItem): string {
  if (request === undefined) return error.code;
  try {
    checkSource(request.source, options);
    chooseOutputPrefix(request.output.prefix, options);
    if (request.webhook !== undefined) checkWebhookUrl(request.webhook.url, { config });
    return 'accepted';
  } catch (thrown) {
    if (thrown instanceof CodedError) return thrown.code;
    throw thrown;
  }
}

async function read(file: string): Promise<{ whole?: string; lines: Record<string, string> }> {
  const lines: Record<string, string> = {};
  const items = readManifestItems(createReadStream(new URL(file, folder)), {
    format: guessFormat(file),
    defaults: {},
    afterLine: 0,
    toCursor: String,
  });
  try {
    for await (const item of items) lines[item.item] = judge(item);
    return { lines };
  } catch (error) {
    if (error instanceof CodedError) return { whole: error.code, lines };
    throw error;
  }
}

describe('hostile manifests', () => {
  it('are many', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60);
  });

  it.each(corpus)(
    '$file is refused, and only what is wrong',
    async ({ file, whole, lines = {} }) => {
      const late = new AbortController();
      const found = await Promise.race([
        read(file),
        wait(DEADLINE_MS, undefined, { signal: late.signal }).then(() => {
          throw new Error('It hangs.');
        }),
      ]);
      late.abort();
      expect(found.whole).toBe(whole);
      const refused = Object.entries(found.lines).filter(([, code]) => code !== 'accepted');
      expect(Object.fromEntries(refused)).toEqual(lines);
      for (const code of [whole, ...Object.values(lines)]) {
        if (code !== undefined) expect(Object.keys(fleetErrors)).toContain(code);
      }
      if (whole === undefined) expect(Object.values(found.lines)).toContain('accepted');
    },
  );

  it('leave nothing behind in objects of the process', async () => {
    await Promise.all(corpus.map(({ file }) => read(file)));
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['overwrite']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
