// What a batch's input holds, from where reading stopped: a list, a manifest, or what lies below a prefix.

import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { CodedError } from '@stenofleet/shared/errors';
import { type BatchRecord } from '@stenofleet/shared/job';
import { z } from 'zod';
import { type ApiDependencies } from '../dependencies.js';
import { checkSource } from '../submit-source.js';
import { compileGlob } from './glob.js';
import { hasMediaExtension } from './media-extensions.js';
import { guessFormat, readManifestItems } from './read-manifest-items.js';
import { type ManifestItem, resolveItem, showSource } from './resolve-item.js';

const MAX_MANIFEST_BYTES = 2 ** 30;
const LIST_PAGE = 1000;
/** Of all patterns together: what each character of each path is held against. */
const MAX_PATTERN_STEPS = 5_000;
/** So long a page's paths are matched at a stretch, in ms. */
const STRETCH_MS = 20;

/** Where reading goes on; what it means is the input's matter. */
const cursorSchema = z.object({
  line: z.number().optional(),
  /** Of the manifest: it may not change while it is read. */
  etag: z.string().optional(),
  after: z.string().optional(),
});
type Cursor = z.infer<typeof cursorSchema>;

export type ReadBatchOptions = {
  dependencies: Pick<ApiDependencies, 'sources' | 'storage'>;
  signal: AbortSignal;
};

/**
 * Items behind the record's cursor, in the same order each time; memory does not grow with their number.
 * @throws CodedError where the input as a whole cannot be read
 */
export function readBatchItems(
  record: BatchRecord,
  options: ReadBatchOptions,
): AsyncGenerator<ManifestItem> {
  const { input } = record.request;
  const cursor = cursorSchema.parse(JSON.parse(record.cursor ?? '{}'));
  if ('items' in input) return readList(record, { items: input.items, cursor });
  if ('manifest' in input) return readManifest(record, { ...options, ...input, cursor });
  return readPrefix(record, { ...options, ...input, cursor });
}

// Items of a list were merged with the defaults when the batch was accepted.
// eslint-disable-next-line @typescript-eslint/require-await -- the same shape as the other two
async function* readList(
  { request: { defaults } }: BatchRecord,
  { items, cursor }: { items: readonly unknown[]; cursor: Cursor },
): AsyncGenerator<ManifestItem> {
  const first = cursor.line ?? 0;
  for (const [index, raw] of items.slice(first).entries()) {
    const item = first + index + 1;
    yield {
      item,
      source: showSource(raw),
      cursor: formatCursor({ line: item }),
      ...resolveItem(raw, defaults),
    };
  }
}

async function* readManifest(
  { tenant, request: { defaults } }: BatchRecord,
  {
    manifest,
    format,
    cursor,
    dependencies,
    signal,
  }: ReadBatchOptions & {
    manifest: string;
    format?: 'jsonl' | 'csv' | undefined;
    cursor: Cursor;
  },
): AsyncGenerator<ManifestItem> {
  const { sources } = dependencies;
  const uri = checkSource(manifest, { tenant, dependencies });
  const { bytes = 0 } = await sources.inspect(uri, signal);
  if (bytes > MAX_MANIFEST_BYTES) {
    throw new CodedError('SOURCE_TOO_LARGE', 'A manifest may be 1 GiB large; split it.');
  }
  const file = await sources.obtain(uri, { folder: tmpdir(), etag: cursor.etag, signal });
  const { etag } = file;
  const body = createReadStream(file.path);
  try {
    yield* readManifestItems(body, {
      format: format ?? guessFormat(file.name),
      defaults,
      afterLine: cursor.line ?? 0,
      toCursor: (line) => formatCursor({ line, etag }),
    });
  } finally {
    body.destroy();
    await file.release();
  }
}

async function* readPrefix(
  { tenant, itemsRead, request: { defaults } }: BatchRecord,
  {
    prefix,
    include,
    exclude = [],
    cursor,
    dependencies,
    signal,
  }: ReadBatchOptions & {
    prefix: string;
    include?: string[] | undefined;
    exclude?: string[] | undefined;
    cursor: Cursor;
  },
): AsyncGenerator<ManifestItem> {
  const uri = checkSource(prefix, { tenant, dependencies });
  const isWanted = createFilter(include, exclude);
  let item = itemsRead;
  for (let { after } = cursor; ;) {
    const page = await dependencies.sources.list(uri, {
      limit: LIST_PAGE,
      signal,
      ...(after !== undefined && { after }),
    });
    let begunAt = performance.now();
    for (const known of page.items) {
      if (performance.now() - begunAt > STRETCH_MS) {
        await setImmediate();
        begunAt = performance.now();
      }
      if (!isWanted(known.relativePath)) continue;
      yield {
        item: ++item,
        source: known.uri,
        cursor: formatCursor({ after: known.relativePath }),
        ...withKnown(resolveItem({ source: known.uri }, defaults), known),
      };
    }
    after = page.next;
    if (after === undefined) break;
  }
  if (item === 0) {
    throw new CodedError(
      'SOURCE_NOT_FOUND',
      'Nothing below this prefix is a recording, or matches.',
      {
        field: 'input.prefix',
      },
    );
  }
}

function withKnown<R extends ReturnType<typeof resolveItem>, K>(resolved: R, known: K) {
  return resolved.error === undefined ? { ...resolved, known } : resolved;
}

/** Without patterns of its own, what has the ending of a recording. @throws CodedError `REQUEST_INVALID` */
export function createFilter(
  include: readonly string[] | undefined,
  exclude: readonly string[],
): (path: string) => boolean {
  const wanted = include?.map((text, index) => compileGlob(text, `input.include.${index}`));
  const unwanted = exclude.map((text, index) => compileGlob(text, `input.exclude.${index}`));
  const numSteps = [...(wanted ?? []), ...unwanted].reduce((sum, glob) => sum + glob.numSteps, 0);
  if (numSteps > MAX_PATTERN_STEPS) {
    const field = wanted === undefined ? 'input.exclude' : 'input.include';
    throw new CodedError(
      'REQUEST_INVALID',
      `${field}: the patterns come to ${numSteps} characters with all their alternatives; ${MAX_PATTERN_STEPS} are accepted.`,
      { field },
    );
  }
  return (path) =>
    (wanted?.some((glob) => glob.matches(path)) ?? hasMediaExtension(path)) &&
    !unwanted.some((glob) => glob.matches(path));
}

function formatCursor(cursor: { [Name in keyof Cursor]: Cursor[Name] | undefined }): string {
  return JSON.stringify(cursor);
}
