import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ManifestFormat, readManifestItems } from './read-manifest-items.js';
import { MAX_LINE_BYTES } from './read-lines.js';
import { type ManifestItem } from './resolve-item.js';

async function read(
  text: string | Buffer,
  {
    format,
    afterLine = 0,
    chunkBytes = 64 * 1024,
    defaults = {},
  }: {
    format?: ManifestFormat;
    afterLine?: number;
    chunkBytes?: number;
    defaults?: Parameters<typeof readManifestItems>[1]['defaults'];
  } = {},
): Promise<ManifestItem[]> {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  const items: ManifestItem[] = [];
  const options = { format, defaults, afterLine, toCursor: String };
  for await (const item of readManifestItems(chunks, options)) items.push(item);
  return items;
}

const good = '{"source":"https://example.org/a.mp3"}';

describe('readManifestItems', () => {
  it('gives lines their numbers, blank ones counted, whatever ends them', async () => {
    const items = await read(`\ufeff${good}\r\n\r\n  \n${good}`);
    expect(items.map(({ item, cursor }) => [item, cursor])).toEqual([
      [1, '1'],
      [4, '4'],
    ]);
  });

  it('is the same however the bytes arrive', async () => {
    const text = `\ufeff${good}\n{"source":"https://example.org/ä€😀.mp3"}\n\n${'x'.repeat(MAX_LINE_BYTES + 10)}\n${good}\n`;
    const whole = await read(text);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 100_000 }), async (chunkBytes) => {
        expect(await read(text, { chunkBytes })).toEqual(whole);
      }),
      { numRuns: 20, examples: [[1], [2], [3]] },
    );
    expect(whole.map(({ item, error }) => [item, error?.code])).toEqual([
      [1, undefined],
      [2, undefined],
      [4, 'MANIFEST_INVALID'],
      [5, undefined],
    ]);
  });

  it('goes on behind the line where it stopped', async () => {
    const csv = 'source\nhttps://example.org/a.mp3\nhttps://example.org/b.mp3\n';
    expect((await read(csv, { afterLine: 2 })).map(({ source }) => source)).toEqual([
      'https://example.org/b.mp3',
    ]);
    expect(await read(csv, { afterLine: 3 })).toEqual([]);
  });

  it('leaves to the defaults what a line does not say', async () => {
    const defaults = {
      priority: 'bulk',
      formats: ['srt'],
      metadata: { box: '1' },
      output: { prefix: 's3://out/x', overwrite: true },
    } as const;
    const [plain, own] = await read(
      `${good}\n{"source":"https://example.org/b.mp3","priority":"urgent","metadata":{"shelf":"2"},"output":{"name":"b"}}`,
      { defaults: { ...defaults, formats: ['srt'] } },
    );
    expect(plain?.request).toMatchObject({ ...defaults, channels: 'mix' });
    expect(own?.request).toMatchObject({
      priority: 'urgent',
      metadata: { box: '1', shelf: '2' },
      output: { prefix: 's3://out/x', overwrite: true, name: 'b' },
    });
  });

  it('reads the columns of CSV, also with semicolons', async () => {
    const [item] = await read(
      'source;output.name;metadata.box;track;formats\n"https://example.org/a;b.mp3";x;"7 ""a""";2;srt\n',
      { format: 'csv' },
    );
    expect(item?.request).toMatchObject({
      source: 'https://example.org/a;b.mp3',
      output: { name: 'x' },
      metadata: { box: '7 "a"' },
      track: 2,
      formats: ['srt'],
    });
  });

  it('reads switches of CSV as such, and refuses what is neither', async () => {
    const items = await read(
      'source,punctuation,betterTier,inverseTextNormalization,partial\nhttps://example.org/a.mp3,false,TRUE,,true\nhttps://example.org/b.mp3,no,,,\n',
      { format: 'csv' },
    );
    expect(items[0]?.request).toMatchObject({
      punctuation: false,
      betterTier: true,
      partial: true,
    });
    expect(items[0]?.request).not.toHaveProperty('inverseTextNormalization');
    expect(items[1]).not.toHaveProperty('request');
  });

  it.each([
    ['an empty one', ''],
    ['one with only a header', 'source\n'],
    ['one with an unknown column', 'source,colour\nx,y\n'],
    ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le')],
  ])('refuses %s as a whole', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});
