import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGraphBytes } from './graph-bytes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graph-bytes-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the size of graphs', () => {
  it('is that of their files and of all sidecars beside them', async () => {
    const sizes = { 'a.onnx': 1, 'a.onnx_data': 20, 'b.onnx': 300, 'b.onnx.data.001': 4_000 };
    const others = { 'c.onnx': 50_000, 'tokenizer.json': 600_000 };
    for (const [name, size] of Object.entries({ ...sizes, ...others })) {
      await writeFile(join(folder, name), Buffer.alloc(size));
    }
    const graphs = ['a.onnx', 'b.onnx'].map((name) => join(folder, name));
    expect(await readGraphBytes(graphs)).toBe(4_321);
  });
});
