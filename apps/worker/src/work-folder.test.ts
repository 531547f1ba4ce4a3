import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorkFolder } from './work-folder.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'work-folder-'));
});
afterEach(() => rm(base, { recursive: true }));

it('removes what workers of this machine left that are gone, and nothing else', async () => {
  const gone = `worker-${hostname()}-${2 ** 30}-a`;
  const others = [`worker-${hostname()}-1-a`, `worker-elsewhere-${2 ** 30}-a`, 'pictures'];
  for (const name of [gone, ...others]) await mkdir(join(base, name));
  const folder = await openWorkFolder(base);
  expect((await readdir(base)).sort()).toEqual([...others, basename(folder.path)].sort());
  await folder.remove();
  expect((await readdir(base)).sort()).toEqual([...others].sort());
});
